"""An alert as the message of each channel: an e-mail, Slack's JSON, or plain JSON."""

from __future__ import annotations

import json
import smtplib
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from demeter.alerts import public_http, texts
from demeter.alerts.errors import DeliveryRefused, NoMailServer, NotDelivered, ServerBusy
from demeter.choices import Channel
from demeter.models import AlertDelivery

_SMTP_FINAL = 500  # replies from here on are refusals for good (RFC 5321)


def send(delivery: AlertDelivery) -> None:
    """Send one message in the recipient's language, and return when a server has taken it.

    Raises NotDelivered and its kinds where trying again may help, a PermanentError where it cannot.
    """
    with translation.override(delivery.recipient.language):
        match delivery.recipient.channel:
            case Channel.EMAIL:
                _mail(delivery)
            case Channel.SLACK:
                _post(delivery, _slack(delivery))
            case _:
                _post(delivery, _facts(delivery))


def _mail(delivery: AlertDelivery) -> None:
    if not settings.EMAIL_URL:
        raise NoMailServer(_("No mail server is set."))
    alert = delivery.alert
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    message = EmailMessage(
        subject=f"[DemeterAI] {texts.title(alert)}",
        body=f"{texts.text(alert)}\n\n{texts.link(alert)}\n",
        to=[delivery.recipient.address],
        headers={"Message-ID": f"<{delivery.key}@{host}>", "Auto-Submitted": "auto-generated"},
    )
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        _raise_smtp(min(code for code, _reply in error.recipients.values()), error)
    except smtplib.SMTPResponseException as error:
        _raise_smtp(error.smtp_code, error)
    except (smtplib.SMTPException, OSError) as error:
        raise NotDelivered(_("The mail server does not answer.")) from error


def _raise_smtp(code: int, error: Exception) -> None:
    kind = DeliveryRefused if code >= _SMTP_FINAL else ServerBusy
    raise kind(_("The mail server answers %(code)d.") % {"code": code}, smtp_code=code) from error


def _post(delivery: AlertDelivery, content: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": str(delivery.key)}
    public_http.post(delivery.recipient.address, json.dumps(content, ensure_ascii=False).encode(), headers)


def _slack(delivery: AlertDelivery) -> dict[str, Any]:
    """What Slack's incoming webhooks take, and Mattermost, Rocket.Chat and others that followed."""
    alert = delivery.alert
    title, text = (_slack_escaped(words) for words in (texts.title(alert), texts.text(alert)))
    sign = ":large_green_circle:" if not alert.is_raised else ":red_circle:"
    return {"text": f"{sign} *<{texts.link(alert)}|{title}>*\n{text}"}


def _slack_escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _facts(delivery: AlertDelivery) -> dict[str, Any]:
    alert = delivery.alert
    return {
        "id": alert.pk,
        "kind": alert.kind,
        "subject": alert.subject,
        "is_raised": alert.is_raised,
        "title": texts.title(alert),
        "text": texts.text(alert),
        "link": texts.link(alert),
        "details": alert.details,
        "created_at": alert.created_at.isoformat(),
        "language": delivery.recipient.language,
    }
