"""Who may open a page, by role. Objects are checked by the page's own queryset or service."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from demeter.accounts.choices import Role
from demeter.accounts.models import User

Page = Callable[..., HttpResponse]


def user_of(request: HttpRequest) -> User:
    """The signed-in user; LoginRequiredMiddleware lets nobody else reach a page."""
    return cast(User, request.user)


def require_reader(page: Page) -> Page:
    """Workers and above, and viewers whom an administrator let in; 403 for others."""

    @wraps(page)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not user_of(request).can_read:
            raise PermissionDenied
        return page(request, *args, **kwargs)

    return guarded


def for_role(role: Role) -> Callable[[Page], Page]:
    """This role and above; 403 for others."""

    def guard(page: Page) -> Page:
        @wraps(page)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not user_of(request).has_role(role):
                raise PermissionDenied
            return page(request, *args, **kwargs)

        return guarded

    return guard


for_workers = for_role(Role.WORKER)
