"""Corrections become the count: when a person validates it, and until the validation is withdrawn."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from photos.models import PhotoContainer, ProcessingSession
from photos.services.corrections.columns import model_sums
from photos.services.corrections.findings import corrected_findings
from photos.services.corrections.sums import Sums, correct_sums

_HUMAN_SUMS = ("human_detected", "human_estimated", "human_dead", "human_empty")
FIELDS = [*_HUMAN_SUMS, "validated_version", "manual_adjustments"]


def adopt(session: ProcessingSession) -> None:
    """Make the corrections of a count its numbers, beside the model's own. Saves its containers, but not its row.

    A count that nobody has corrected keeps the model's numbers. Call under the session's lock.
    """
    session.validated_version = session.version
    if not session.corrections.exists():
        return
    findings = corrected_findings(session)
    sums = correct_sums(session, findings)
    photo = sums.photo
    session.human_detected, session.human_estimated = photo.detected, photo.estimated
    session.human_dead, session.human_empty = photo.dead, photo.empty
    containers = list(session.containers.all())
    for container in containers:
        container.human_living = sums.containers[container.pk].living
        container.human_type = findings.types.get(container.pk, "")
    PhotoContainer.objects.bulk_update(containers, ["human_living", "human_type"])
    session.manual_adjustments = {**session.manual_adjustments, "corrections": _summary(session, photo)}


def disown(session: ProcessingSession) -> None:
    """Let the model's numbers be the count again. The corrections stay. Saves the containers, but not the row."""
    session.validated_version = None
    for name in _HUMAN_SUMS:
        setattr(session, name, None)
    session.containers.update(human_living=None, human_type="")
    session.manual_adjustments = {
        key: value for key, value in session.manual_adjustments.items() if key != "corrections"
    }


def _summary(session: ProcessingSession, now: Sums) -> dict[str, Any]:
    """How many things were changed, and the model's numbers beside those of people."""
    changed: Counter[str] = Counter()
    for operations in session.corrections.values_list("operations", flat=True):
        changed.update({name: len(rows) for name, rows in operations.items()})
    return {
        "version": session.version,
        "operations": dict(sorted(changed.items())),
        "model": model_sums(session),
        "person": asdict(now),
    }
