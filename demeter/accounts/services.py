"""Accounts: made, signed in, and given a new password."""

import math

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import update_last_login
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.accounts.errors import (
    BadCredentials,
    EmailTaken,
    RegistrationClosed,
    TooManyFailures,
    WeakPassword,
    WrongPassword,
)
from demeter.accounts.lockout import attempt_of, forget_failures, locked_until
from demeter.accounts.models import User
from demeter.accounts.tokens import TokenPair, issue_tokens, revoke_tokens

_EMAIL_MAX_LENGTH = User._meta.get_field("email").max_length


def sign_in(*, email: str, password: str, address: str) -> TokenPair:
    """Exchange e-mail and password for tokens.

    An unknown e-mail, a wrong password, a closed account and a system user get one identical BadCredentials, after
    the same time: a password is hashed in each case. Raises TooManyFailures (failures count, successes never do).
    """
    user = verify_password(email=email, password=password, address=address)
    update_last_login(type(user), user)
    return issue_tokens(user)


def verify_password(*, email: str, password: str, address: str, device: str = "") -> User:
    """The user whom e-mail and password belong to. Raises BadCredentials, TooManyFailures.

    Failures count for the pair of the e-mail and `address`, or `device` where the browser is known (lockout).
    """
    email = User.objects.normalize_email(email)[:_EMAIL_MAX_LENGTH]  # a longer one belongs to nobody
    attempt = attempt_of(address=address, device=device)
    ends_at = locked_until(attempt, email)
    if ends_at is not None:
        wait_s = max(1, math.ceil((ends_at - timezone.now()).total_seconds()))
        raise TooManyFailures(
            _("Too many wrong passwords. Wait %(minutes)d min and try again.")
            % {"minutes": math.ceil(wait_s / 60)},
            retry_after_s=wait_s,
        )
    user = authenticate(
        attempt, username=email, password=password
    )  # a failure is written down by axes' signal
    if not isinstance(user, User):
        raise BadCredentials(_("E-mail or password is wrong."))
    forget_failures(attempt, email)
    return user


def register(*, name: str, email: str, password: str) -> User:
    """Make a viewer's account; needs no sign-in. Raises RegistrationClosed, EmailTaken, WeakPassword."""
    if not settings.REGISTRATION_OPEN:
        raise RegistrationClosed(_("Ask an administrator for an account."))
    return create_account(name=name, email=email, password=password)


def create_account(*, name: str, email: str, password: str) -> User:
    """Make a viewer's account. Raises EmailTaken, WeakPassword, ValidationError."""
    email = User.objects.normalize_email(email)
    if User.objects.filter(email=email).exists():
        raise EmailTaken(_("Email already registered"))
    user = User(email=email, name=name.strip())
    _check_strength(password, user)
    user.set_password(password)  # slow by design, so it is done before the transaction
    user.full_clean(validate_unique=False)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:  # somebody else was faster with the same e-mail
        raise EmailTaken(_("Email already registered")) from error
    return user


def change_password(*, user: User, current_password: str, new_password: str, address: str) -> TokenPair:
    """Set a new password and sign the user out everywhere else; returns tokens for the client that asked.

    Raises WrongPassword (it counts as a failed sign-in), WeakPassword, TooManyFailures.
    """
    try:
        verify_password(email=user.email, password=current_password, address=address)
    except BadCredentials as refusal:
        raise WrongPassword(_("The current password is wrong.")) from refusal
    _check_strength(new_password, user)
    user.set_password(new_password)
    with transaction.atomic():
        user.save(update_fields=["password"])
        revoke_tokens(user)
        return issue_tokens(user)


def _check_strength(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise WeakPassword(" ".join(error.messages)) from error
