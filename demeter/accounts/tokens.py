"""Tokens of API clients: issued, exchanged, ended. All tokens of one sign-in are a family and end together."""

import logging
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken, Token
from rest_framework_simplejwt.utils import get_md5_hash_password

from demeter.accounts.choices import EndReason
from demeter.accounts.errors import InvalidRefreshToken
from demeter.accounts.models import TokenFamily, User

FAMILY_CLAIM: Final = "family"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TokenPair:
    """What a client keeps: a short-lived token for each call, and one to get the next pair with."""

    access_token: str
    refresh_token: str
    expires_in: int  # seconds
    token_type: str = "bearer"  # noqa: S105 - the name of the scheme


def issue_tokens(user: User) -> TokenPair:
    """The first pair of a new family, for a user who has proven who he is."""
    refresh = RefreshToken.for_user(user)
    family = TokenFamily.objects.create(
        user=user, refresh_jti=refresh["jti"], expires_at=timezone.now() + api_settings.REFRESH_TOKEN_LIFETIME
    )
    return _pair(refresh, family.pk)


def refresh_tokens(*, refresh_token: str) -> TokenPair:
    """Exchange a refresh token for a new pair; it is good once. Raises InvalidRefreshToken.

    A second use says that two hold the token, and one of them has stolen it: the family ends for both.
    """
    token = _read_refresh_token(refresh_token)
    user = user_of(token)
    if user is None or user.is_system:
        raise InvalidRefreshToken(_("Sign in again."))
    successor = RefreshToken.for_user(user)
    is_exchanged = TokenFamily.objects.filter(
        pk=token[FAMILY_CLAIM], refresh_jti=token["jti"], ended_at=None
    ).update(refresh_jti=successor["jti"], expires_at=timezone.now() + api_settings.REFRESH_TOKEN_LIFETIME)
    if not is_exchanged:
        logger.warning("A refresh token of user %s was used twice: its sign-in is ended.", user.pk)
        _end(token, EndReason.REUSED)
        raise InvalidRefreshToken(_("Sign in again."))
    return _pair(successor, token[FAMILY_CLAIM])


def sign_out(*, refresh_token: str) -> None:
    """End the family of a refresh token. Signing out twice, or with a token that is worthless already, is no error."""
    try:
        token = _read_refresh_token(refresh_token)
    except InvalidRefreshToken:
        return
    _end(token, EndReason.SIGNED_OUT)


def revoke_tokens(user: User) -> None:
    """End all sign-ins of a user."""
    user.token_families.filter(ended_at=None).update(ended_at=timezone.now(), end_reason=EndReason.REVOKED)


def user_of(token: Token) -> User | None:
    """Who holds a validated token, in one query; None if its sign-in has ended, or with it account or password."""
    try:
        family = UUID(token[FAMILY_CLAIM])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    user = User.objects.filter(
        pk=token[api_settings.USER_ID_CLAIM], token_families=family, token_families__ended_at=None
    ).first()
    if user is None or not user.is_active:
        return None
    # `manage.py changepassword` ends no family, but changes what this is a print of.
    return (
        user if token.get(api_settings.REVOKE_TOKEN_CLAIM) == get_md5_hash_password(user.password) else None
    )


def delete_expired_families() -> int:
    """Delete the rows of sign-ins whose tokens have all expired; the number of rows."""
    deleted, _by_model = TokenFamily.objects.filter(expires_at__lt=timezone.now()).delete()
    return deleted


def _pair(refresh: RefreshToken, family: UUID | str) -> TokenPair:
    refresh[FAMILY_CLAIM] = str(family)  # the library copies it into the access token
    return TokenPair(
        access_token=str(refresh.access_token),
        refresh_token=str(refresh),
        expires_in=int(api_settings.ACCESS_TOKEN_LIFETIME.total_seconds()),
    )


def _read_refresh_token(text: str) -> RefreshToken:
    try:
        return RefreshToken(text)  # type: ignore[arg-type]  # the library's annotation is wrong: it takes the text
    except TokenError as error:
        raise InvalidRefreshToken(_("Sign in again.")) from error


def _end(token: Token, reason: EndReason) -> None:
    TokenFamily.objects.filter(pk=token.get(FAMILY_CLAIM), ended_at=None).update(
        ended_at=timezone.now(), end_reason=reason
    )
