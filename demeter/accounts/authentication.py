"""Bearer tokens in the Authorization header, the scheme in any case. A token ends with its sign-in."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken
from rest_framework_simplejwt.tokens import Token

from demeter.accounts.tokens import user_of
from demeter.serving.admission import admission_of


class BearerAuthentication(JWTAuthentication):
    """`Authorization: Bearer …` (RFC 9110 makes the scheme case-insensitive; the library does not)."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        admission = admission_of(request)
        if admission is not None and admission.token is not None:
            # Good when the body began to arrive. The account is looked at again: it may be closed by now.
            return self.get_user(admission.token), admission.token
        return super().authenticate(request)

    def get_raw_token(self, header: bytes) -> bytes | None:
        scheme, _, token = header.strip().partition(b" ")
        return token.strip() or None if scheme.lower() == b"bearer" else None

    def get_user(self, validated_token: Token) -> Any:
        """Who holds the token. Raises InvalidToken when its sign-in, account or password is no longer good."""
        user = user_of(validated_token)
        if user is None:
            raise InvalidToken(_("Sign in again."))
        return user
