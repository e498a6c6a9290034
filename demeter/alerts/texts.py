"""What alerts say, in the language that is active."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from demeter.choices import AlertKind, BreakerName
from demeter.models import Alert

_TITLES: Final[dict[tuple[str, str, bool], Promise]] = {
    (AlertKind.BREAKER, BreakerName.STORE, True): _("The store of pictures is away"),
    (AlertKind.BREAKER, BreakerName.STORE, False): _("The store of pictures is back"),
    (AlertKind.BREAKER, BreakerName.MODEL, True): _("The models that count do not work"),
    (AlertKind.BREAKER, BreakerName.MODEL, False): _("The models that count work again"),
}
_ADVICE: Final[dict[str, Promise]] = {
    BreakerName.STORE: _(
        "Photos go on being taken in and wait. When the store is back, the work goes on by itself: see that it runs, "
        "has room and lets DemeterAI in."
    ),
    BreakerName.MODEL: _(
        "Photos go on being taken in and wait. When the models work, the photos are counted by themselves: see to the "
        "weights, the GPU and the log of the model workers."
    ),
}
# What became of a delivery, by the codes of demeter.alerts.errors.
ERRORS: Final[dict[str, Promise]] = {
    "no_answer": _("The server does not answer."),
    "busy": _("The server takes it later."),
    "refused": _("The server refuses it."),
    "inner_address": _("The address is not public; ALERT_WEBHOOK_NETWORKS allows inner ones."),
    "unknown_host": _("The host is not known."),
    "no_mail_server": _("No mail server is set: EMAIL_URL."),
    "internal_error": _("Something went wrong on our side."),
}


def title(alert: Alert) -> str:
    """What happened, in some words."""
    match alert.kind:
        case AlertKind.BREAKER:
            known = _TITLES.get((alert.kind, alert.subject, alert.is_raised))
            return str(known or alert)
        case AlertKind.QUEUE_WITHOUT_WORKER if alert.is_raised:
            return gettext("No worker serves %(queue)s") % {"queue": alert.subject}
        case AlertKind.QUEUE_WITHOUT_WORKER:
            return gettext("%(queue)s is served again") % {"queue": alert.subject}
        case AlertKind.OLD_JOB if alert.is_raised:
            return gettext("Jobs of %(queue)s wait for long") % {"queue": alert.subject}
        case AlertKind.OLD_JOB:
            return gettext("Jobs of %(queue)s no longer wait for long") % {"queue": alert.subject}
        case _:
            return gettext("A test: alerts arrive")


def text(alert: Alert) -> str:
    """What is known of it, and what to do; one sentence after the other."""
    sentences = [gettext("Noticed: %(time)s.") % {"time": _moment(alert.created_at)}, *_facts(alert)]
    return " ".join(sentences)


def _facts(alert: Alert) -> list[str]:
    details = alert.details
    match alert.kind:
        case AlertKind.BREAKER if alert.is_raised:
            faults = int(details.get("faults", 0))
            told = ngettext(
                "%(faults)d call failed (%(fault)s).", "%(faults)d calls in a row failed (%(fault)s).", faults
            ) % {"faults": faults, "fault": details.get("fault") or "?"}
            return [told, str(_ADVICE.get(alert.subject, ""))]
        case AlertKind.QUEUE_WITHOUT_WORKER if alert.is_raised:
            return [
                gettext("It has had no worker for %(time)s: see that its worker runs.")
                % {"time": _duration(details.get("seconds", 0))}
            ]
        case AlertKind.OLD_JOB if alert.is_raised:
            jobs = int(details.get("jobs", 0))
            return [
                ngettext(
                    "%(jobs)d job waits; the oldest has waited for %(time)s.",
                    "%(jobs)d jobs wait; the oldest has waited for %(time)s.",
                    jobs,
                )
                % {"jobs": jobs, "time": _duration(details.get("seconds", 0))}
            ]
        case AlertKind.TEST:
            return [gettext("Nothing is wrong. Somebody wanted to see whether messages arrive here.")]
        case _:
            return []


def link(alert: Alert) -> str:
    """Where the alert is shown."""
    return f"{settings.PUBLIC_URL}/admin/demeter/alert/{alert.pk}/change/"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def _moment(when: datetime) -> str:
    return date_format(timezone.localtime(when), "SHORT_DATETIME_FORMAT")
