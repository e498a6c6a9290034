"""The warnings of one count as a person reads them: title, advice and the numbers behind them."""

from collections.abc import Mapping
from typing import Final

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from photos.choices import CountWarning, IntervalReason
from photos.models import ProcessingSession
from photos.warning_catalogue import WAITING, WARNINGS

UNLIKE: Final = _(
    "This photo shows %(counted)s living plants; by the last count and what was recorded since, it should be "
    "%(expected)s."
)

LOOKS_LIKE: Final = _("%(plants)s of %(of)s plants that were looked at closely look like %(product)s.")
MOVED_FROM: Final = _("Before, it was said to show %(place)s.")
FAR_FROM: Final = _("The position lies %(metres)s m from %(place)s.")


def warnings_of(session: ProcessingSession) -> list[dict[str, object]]:
    """The warnings of a count as `warning_texts` gives them, with the numbers behind them."""
    facts: dict[str, str] = {}
    if session.expected_living is not None:
        facts[CountWarning.UNLIKE_LAST_COUNT] = str(UNLIKE) % {
            "counted": number_format(session.total_living, force_grouping=True),
            "expected": number_format(session.expected_living, force_grouping=True),
        }
    if CountWarning.UNLIKE_PRODUCT in session.warnings:
        facts[CountWarning.UNLIKE_PRODUCT] = str(LOOKS_LIKE) % {
            "plants": number_format(session.recognition["plants"]),
            "of": number_format(session.recognition["of"]),
            "product": session.recognition["name"],
        }
    if CountWarning.MOVED in session.warnings and session.moved_from is not None:
        facts[CountWarning.MOVED] = str(MOVED_FROM) % {"place": session.moved_from}
    if CountWarning.PLACE_MISMATCH in session.warnings and session.gps_distance_m is not None:
        facts[CountWarning.PLACE_MISMATCH] = str(FAR_FROM) % {
            "metres": number_format(session.gps_distance_m, 1),
            "place": session.storage_location,
        }
    if CountWarning.POSITION_NEARBY in session.warnings and session.gps_distance_m is not None:
        facts[CountWarning.POSITION_NEARBY] = str(FAR_FROM) % {
            "metres": number_format(session.gps_distance_m, 1),
            "place": session.storage_location,
        }
    return warning_texts(session.warnings, facts)


def warning_texts(codes: list[str], facts: Mapping[str, str] | None = None) -> list[dict[str, object]]:
    """The title, the advice and the urgency of each warning of a count, those that wait for a person first.

    `facts` are sentences about this very count, by code; they go before the advice. A code that this version does not
    know is shown as it is: a warning must never be lost.
    """
    texts: list[dict[str, object]] = []
    for code in sorted(codes, key=lambda code: code not in WAITING):
        known = CountWarning(code) if code in CountWarning.values else None
        advice = [(facts or {}).get(code, ""), str(WARNINGS[known].advice) if known else ""]
        texts.append(
            {
                "code": code,
                "title": str(known.label) if known else code,
                "advice": " ".join(sentence for sentence in advice if sentence),
                "waits": code in WAITING,
            }
        )
    return texts


def reason_texts(codes: list[str]) -> list[str]:
    """Why a count cannot be said more closely, in words; a code that this version does not know stays as it is."""
    return [str(IntervalReason(code).label) if code in IntervalReason.values else code for code in codes]
