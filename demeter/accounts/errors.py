"""What is refused about accounts."""

from demeter.errors import DemeterError


class BadCredentials(DemeterError):
    """E-mail and password do not belong together, or the account may not sign in: the answer does not say which."""

    code, status = "bad_credentials", 401


class TooManyFailures(DemeterError):
    """Too many wrong passwords for this account from this address."""

    code, status = "too_many_failures", 429


class InvalidRefreshToken(DemeterError):
    """The refresh token is broken, expired, used already or signed out."""

    code, status = "invalid_refresh_token", 401


class EmailTaken(DemeterError):
    """There is an account with this e-mail."""

    code, status = "email_taken", 400


class WeakPassword(DemeterError):
    """The password is too easy to guess."""

    code, status = "weak_password", 400


class WrongPassword(DemeterError):
    """The current password is not right."""

    code, status = "wrong_password", 400


class RegistrationClosed(DemeterError):
    """Only administrators make accounts here."""

    code, status = "registration_closed", 403
