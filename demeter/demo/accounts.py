"""The demo's users, one of each role. Their passwords are public: they exist nowhere else."""

from dataclasses import dataclass

from demeter.accounts.choices import Role
from demeter.accounts.models import User


@dataclass(frozen=True)
class Account:
    """A user whom everyone may sign in as."""

    email: str
    password: str
    name: str
    role: Role


ACCOUNTS = (
    # Existing clients of the classifier sign in with this one; it is exempt from the password rules.
    Account("admin@example.com", "admin", "Ada", Role.ADMIN),
    Account("supervisor@example.com", "supervisor", "Simón", Role.SUPERVISOR),
    Account("worker@example.com", "worker", "Rosa", Role.WORKER),
    Account("viewer@example.com", "viewer", "Vera", Role.VIEWER),
)
ADMIN, SUPERVISOR, WORKER, VIEWER = ACCOUNTS


def load_accounts() -> None:
    """Make the demo's users; those that are there stay as they are."""
    for account in ACCOUNTS:
        if not User.objects.filter(email=account.email).exists():
            User.objects.create_user(
                account.email, account.password, name=account.name, role=account.role, is_approved=True
            )
