"""Permissions by role: one table says what each role may do with which tables."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from demeter.accounts.choices import Role
from demeter.accounts.models import User

# (app, model) → the role that may view, and the role that may add, change or delete. Ledgers and results
# have no edit form at all: their admin pages refuse to write whatever the role. Supervisors find what they decide
# about; what only machines and those who look after them need (steps, rows of findings, weights, lists behind the
# catalogue) is for administrators. Workers and viewers have the pages, and no administration.
_SUPERVISED = (Role.SUPERVISOR, Role.ADMIN)
_DECIDED = (Role.SUPERVISOR, Role.SUPERVISOR)
_TABLE: dict[tuple[str, str], tuple[Role, Role]] = {
    ("photos", "image"): _DECIDED,
    ("photos", "processingsession"): _DECIDED,
    ("photos", "uploadsession"): _SUPERVISED,
    ("photos", "uploadjob"): _SUPERVISED,
    ("photos", "correction"): _SUPERVISED,
    ("photos", "placecalibration"): _DECIDED,
    ("inventory", "stockbatch"): _SUPERVISED,
    ("inventory", "stockmovement"): _SUPERVISED,
    ("inventory", "manualcount"): _SUPERVISED,
    ("inventory", "warehouse"): _SUPERVISED,
    ("inventory", "storagearea"): _SUPERVISED,
    ("inventory", "storagelocation"): _SUPERVISED,
    ("inventory", "storagelocationconfig"): _SUPERVISED,
    ("inventory", "storagebin"): _SUPERVISED,
    ("inventory", "product"): _SUPERVISED,
    ("inventory", "packagingcatalog"): _SUPERVISED,
    ("inventory", "densityparameter"): _SUPERVISED,
    ("mlpipeline", "feedback"): _DECIDED,
    ("mlpipeline", "productsampleimage"): _DECIDED,
}
_ELSE = (Role.ADMIN, Role.ADMIN)


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
        to_view, to_write = _TABLE.get((app, model), _ELSE)
        return user_obj.has_role(to_view if action == "view" else to_write)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        if not isinstance(user_obj, User) or not user_obj.is_active:
            return False
        roles = [to_view for (app, _), (to_view, _) in _TABLE.items() if app == app_label]
        return any(user_obj.has_role(role) for role in (*roles, Role.ADMIN))
