"""What the API's description cannot find out by itself."""

from typing import Any

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.plumbing import build_bearer_security_scheme_object


def without_slash(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Each path is served with and without a slash at its end; it is described once, without."""
    return [(path.rstrip("/"), regex, method, view) for path, regex, method, view in endpoints]


class BearerScheme(OpenApiAuthenticationExtension):
    """Describes `BearerAuthentication` in the OpenAPI schema as HTTP bearer authentication with a JWT."""

    target_class = "demeter.accounts.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return dict(build_bearer_security_scheme_object("Authorization", "Bearer", "JWT"))


class PageSessionScheme(SessionScheme):
    """Describes `PageSessionAuthentication` as the session's cookie: the header is of our own pages alone."""

    target_class = "demeter.accounts.authentication.PageSessionAuthentication"
