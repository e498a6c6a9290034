"""Permissions by role: one table says what each role may do with which tables."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from demeter.accounts.choices import Role
from demeter.accounts.models import User

# (app, model or * → the role that may view, and the role that may add, change or delete). Ledgers and results
# have no edit form at all: their admin pages refuse to write whatever the role.
_TABLE: dict[tuple[str, str], tuple[Role, Role]] = {
    ("accounts", "*"): (Role.ADMIN, Role.ADMIN),
    ("inventory", "*"): (Role.WORKER, Role.ADMIN),
    ("inventory", "storagelocationconfig"): (Role.WORKER, Role.ADMIN),
    ("photos", "*"): (Role.WORKER, Role.SUPERVISOR),
    ("mlpipeline", "*"): (Role.SUPERVISOR, Role.ADMIN),
    ("mlpipeline", "feedback"): (Role.SUPERVISOR, Role.SUPERVISOR),
    ("mlpipeline", "productsampleimage"): (Role.SUPERVISOR, Role.SUPERVISOR),
    ("django_celery_results", "*"): (Role.ADMIN, Role.ADMIN),
}


class RoleBackend(ModelBackend):
    """Signs people in by e-mail and answers permissions from the role."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        user = super().authenticate(request, username=username, password=password, **kwargs)
        return None if user is None or user.is_system else user

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if not isinstance(user_obj, User) or not user_obj.is_active:
            return False
        app, _, codename = perm.partition(".")
        action, _, model = codename.partition("_")
        roles = _TABLE.get((app, model)) or _TABLE.get((app, "*"))
        if roles is None:
            return user_obj.has_role(Role.ADMIN)
        return user_obj.has_role(roles[0] if action == "view" else roles[1])

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        if not isinstance(user_obj, User) or not user_obj.is_active:
            return False
        lowest = _TABLE.get((app_label, "*"), (Role.ADMIN, Role.ADMIN))[0]
        return user_obj.has_role(lowest)
