"""Who sees which rows: workers what came of their own photos, supervisors and administrators all."""

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.http import HttpRequest

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from demeter.admin_base import ReadOnlyAdmin


class OwnPhotosAdmin(ReadOnlyAdmin):
    """Read-only rows of photos, narrowed to the user's own for workers."""

    owner_path: ClassVar[str]  # from the row to the user whose photo it is about

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        user = cast(User, request.user)  # the administration lets nobody else in
        return rows if user.has_role(Role.SUPERVISOR) else rows.filter(**{self.owner_path: user})
