"""Why somebody could not be told. The codes are kept in rows; what they mean for people: `demeter.alerts.texts`."""

from typing import ClassVar

from demeter.errors import PermanentError, TemporaryError


class NotDelivered(TemporaryError):
    """A server of mail or of a webhook does not take the message just now."""

    code = "no_answer"


class ServerBusy(NotDelivered):
    """A server answered that it will take the message later (SMTP 4xx, HTTP 429 or 5xx)."""

    code = "busy"


class DeliveryRefused(PermanentError):
    """A server refuses the message for good."""

    code, status = "refused", 502


class InnerAddress(PermanentError):
    """A webhook leads to an address that is not public, and that nobody has allowed."""

    code: ClassVar[str] = "inner_address"


class UnknownHost(NotDelivered):
    """The name of a host has no address just now."""

    code = "unknown_host"


class NoMailServer(PermanentError):
    """No mail server is set, so no mail is sent."""

    code = "no_mail_server"
