"""Who may call an endpoint, by role. Ownership of an object is checked by the view's queryset or service."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rest_framework.permissions import SAFE_METHODS, BasePermission

from demeter.accounts.choices import Role
from demeter.accounts.models import User

if TYPE_CHECKING:  # rest_framework.views imports this module through the settings
    from rest_framework.request import Request
    from rest_framework.views import APIView


class IsApprovedUser(BasePermission):
    """Signed in, and either at least a worker or a viewer whom an admin let in. The API's default."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, User) and request.user.can_read


class IsSignedIn(BasePermission):
    """Signed in with any active account: the account's own pages, the classifier and the catalogue."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, User) and request.user.has_role(Role.VIEWER)


class _AtLeast(BasePermission):
    role: ClassVar[Role]

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, User) and request.user.has_role(self.role)


class IsWorker(_AtLeast):
    """Workers, supervisors and administrators: who uploads photos and records movements."""

    role = Role.WORKER


class IsSupervisor(_AtLeast):
    """Supervisors and administrators: who validates counts and sees everybody's photos."""

    role = Role.SUPERVISOR


class IsAdmin(_AtLeast):
    """Administrators alone: catalogue, prices, configuration, models, users."""

    role = Role.ADMIN


class ReadsOrAdmin(BasePermission):
    """Catalogues: read by every signed-in user, written by admins."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        needed = Role.VIEWER if request.method in SAFE_METHODS else Role.ADMIN
        return isinstance(request.user, User) and request.user.has_role(needed)
