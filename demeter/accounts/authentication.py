"""Who calls: by a bearer token, which ends with its sign-in, or by the session of a browser."""

from typing import Any, Final

from django.utils.translation import gettext as _
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken
from rest_framework_simplejwt.tokens import Token

from demeter.accounts.tokens import user_of
from demeter.serving.admission import admission_of

_PAGE_USER: Final = "X-Page-User"


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


class PageSessionAuthentication(SessionAuthentication):
    """The session of the browser, for a page of whoever is signed in.

    A page that acts long after it was opened names in `X-Page-User` whom it belongs to, or nobody. Without the header
    whoever has signed in since, in another tab, would send the photos and corrections of the one before as his own.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        signed_in = super().authenticate(request)
        page_user = request.headers.get(_PAGE_USER)
        if signed_in is not None and page_user is not None and page_user != str(signed_in[0].pk):
            raise NotAuthenticated(_("Sign in again."))
        return signed_in
