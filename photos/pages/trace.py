"""Who did what with a photo and when: from its upload to the last word about its count."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from photos.choices import SessionStatus
from photos.models import Image, ProcessingSession

MAX_CORRECTIONS: Final = 10


@dataclass(frozen=True)
class Event:
    """Something that happened; `detail` is what else there is to say."""

    at: datetime
    who: str
    what: str
    detail: str = ""


def trace_of(image: Image, session: ProcessingSession | None) -> list[Event]:
    """What happened to a photo and to one of its counts, oldest first. One query for the corrections."""
    events = [Event(image.uploaded_at, str(image.uploaded_by), _("Uploaded"), image.get_source_display())]
    if session is not None:
        events += _of_count(session)
    if image.deleted_at is not None:
        events.append(Event(image.deleted_at, str(image.deleted_by), _("Moved to the trash")))
    return sorted(events, key=lambda event: event.at)


def _of_count(session: ProcessingSession) -> list[Event]:
    asked = _("Count %(n)s asked for") % {"n": session.attempt}
    events = [Event(session.created_at, str(session.requested_by), asked, session.reason)]
    if session.completed_at is not None:
        ended = _("Count ended") if session.status == SessionStatus.COMPLETED else _("Could not be counted")
        models = sorted({model["name"] for model in session.model_versions.values()})
        events.append(Event(session.completed_at, ", ".join(models), ended))
    corrections = session.corrections.select_related("user").order_by("-version")[:MAX_CORRECTIONS]
    for correction in corrections:
        changes = sum(len(rows) for rows in correction.operations.values())
        detail = ngettext("%(n)s change", "%(n)s changes", changes) % {"n": changes}
        events.append(Event(correction.created_at, str(correction.user), _("Corrected"), detail))
    if session.validated and session.validation_date is not None:
        note = session.manual_adjustments.get("note", "")
        events.append(Event(session.validation_date, str(session.validated_by), _("Validated"), note))
    return events
