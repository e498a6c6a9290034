"""Taking a correction in: checked, numbered, and appended to what was corrected before."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from demeter.accounts.models import User
from photos.choices import DEAD_CLASS, EMPTY_CLASS, PLANT_CLASS, ContainerType, SessionStatus
from photos.errors import CountReplaced, FindingsChanged, InvalidCorrection, NotCounted, UnknownFinding
from photos.models import Correction, ProcessingSession
from photos.polygons import Outlines
from photos.services.booking.newer_counts import is_replaced
from photos.services.corrections.findings import Findings, corrected_findings, hand_count
from photos.services.corrections.sums import Sums, correct_sums

MAX_OPERATIONS: Final = 5_000  # in one correction
MAX_ADDED: Final = 20_000  # boxes of one count
MAX_BY_HAND: Final = 1_000_000  # plants
OPERATIONS: Final = ("restore", "add", "move", "relabel", "delete", "retype", "hand_counts")

Operations = Mapping[str, list[Any]]


@dataclass(frozen=True)
class TakenCorrection:
    """What became of a correction: the version of the findings, the ids of its new boxes, and the sums of the photo."""

    version: int
    added_ids: list[int]
    sums: Sums


@transaction.atomic
def correct(
    *,
    session: ProcessingSession,
    user: User,
    version: int,
    operations: Operations,
    edit_id: UUID | None = None,
) -> TakenCorrection:
    """Append a correction to a count. The stock follows when the count is validated, not before.

    An `edit_id` that was taken before gets the first answer and writes nothing, so that a client whose connection
    broke may send the edit again. A correction without any operation writes nothing.
    Raises FindingsChanged if `version` is not the newest; NotCounted, CountReplaced; UnknownFinding and
    InvalidCorrection for what cannot be applied: then nothing of the correction is.
    """
    session = (
        ProcessingSession.objects.select_for_update(of=("self",), no_key=True)
        .select_related("image")
        .get(pk=session.pk)
    )
    earlier = session.corrections.filter(edit_id=edit_id).first() if edit_id is not None else None
    if earlier is not None:
        return _taken(session, earlier, corrected_findings(session))
    _check_may_change(session, version)
    findings = corrected_findings(session)
    given = {name: list(operations.get(name, ())) for name in OPERATIONS if operations.get(name)}
    if not given:
        return TakenCorrection(session.version, [], correct_sums(session, findings).photo)
    _check(session, given)
    placed = _without_repeats(findings, _placed(session, findings, given))
    if not placed:
        return TakenCorrection(session.version, [], correct_sums(session, findings).photo)
    findings.apply(placed)
    session.version += 1
    session.save(update_fields=["version"])
    correction = Correction.objects.create(
        session=session, user=user, version=session.version, operations=placed, edit_id=edit_id
    )
    return _taken(session, correction, findings)


def _taken(session: ProcessingSession, correction: Correction, findings: Findings) -> TakenCorrection:
    added = [row["id"] for row in correction.operations.get("add", ())]
    return TakenCorrection(correction.version, added, correct_sums(session, findings).photo)


def _check_may_change(session: ProcessingSession, version: int) -> None:
    if session.status != SessionStatus.COMPLETED:
        raise NotCounted(_("Only a finished count can be corrected. Wait for it, or count the photo again."))
    if is_replaced(session):
        raise CountReplaced(_("A newer count of this photo stands. Look at that one and correct it."))
    if version != session.version:
        last = session.corrections.select_related("user").order_by("-version").first()
        raise FindingsChanged(
            _("Somebody else has corrected this count meanwhile. Look at what it is now."),
            version=session.version,
            changed_by=last.user.name if last else None,
            changed_at=last.created_at.isoformat() if last else None,
        )


# ── what may be ──────────────────────────────────────────────────────────────────────────────────────
def _check(session: ProcessingSession, given: Operations) -> None:
    if sum(map(len, given.values())) > MAX_OPERATIONS:
        raise InvalidCorrection(
            _("One correction may change at most %(most)d things. Send it in parts.")
            % {"most": MAX_OPERATIONS}
        )
    image = session.image
    for row in [*given.get("add", ()), *given.get("move", ())]:
        _check_box(row, image.width_px, image.height_px)
    known = {PLANT_CLASS, DEAD_CLASS, EMPTY_CLASS, *session.category_counts}
    for row in [*given.get("add", ()), *given.get("relabel", ())]:
        if row["class_name"] not in known:
            raise InvalidCorrection(
                _("There is no class “%(name)s”. Known ones: %(known)s.")
                % {"name": row["class_name"], "known": ", ".join(sorted(known))}
            )
    for row in given.get("retype", ()):
        if row["type"] not in ContainerType.values:
            raise InvalidCorrection(_("There is no container of type “%(type)s”.") % {"type": row["type"]})
    _check_containers(session, given)
    for row in given.get("hand_counts", ()):
        if any(not 0 <= (row.get(name) or 0) <= MAX_BY_HAND for name in ("living", "dead", "empty")):
            raise InvalidCorrection(_("A count by hand lies between 0 and %(most)d.") % {"most": MAX_BY_HAND})


def _check_box(row: Mapping[str, Any], width: int, height: int) -> None:
    numbers = [row[name] for name in ("center_x", "center_y", "width_px", "height_px")]
    if not all(math.isfinite(number) for number in numbers):
        raise InvalidCorrection(_("A box has four numbers in pixels."))
    x, y, box_width, box_height = numbers
    if not (0 <= x <= width and 0 <= y <= height):
        raise InvalidCorrection(_("The middle of a box lies in the picture."), center_x=x, center_y=y)
    if not (1 <= box_width <= width and 1 <= box_height <= height):
        raise InvalidCorrection(
            _("A box is at least one pixel wide and high, and no larger than the picture."),
            width_px=box_width,
            height_px=box_height,
        )


def _check_containers(session: ProcessingSession, given: Operations) -> None:
    named = {
        row["container_id"]
        for name in ("retype", "hand_counts")
        for row in given.get(name, ())
        if row["container_id"] is not None
    }
    missing = named - set(session.containers.values_list("pk", flat=True)) if named else set()
    if missing:
        container_id = min(missing)
        raise UnknownFinding(
            _("The container %(id)s is not one of this count.") % {"id": container_id}, id=container_id
        )


# ── as it is kept ────────────────────────────────────────────────────────────────────────────────────
def _placed(session: ProcessingSession, findings: Findings, given: Operations) -> dict[str, list[Any]]:
    """The operations as they are kept: new boxes numbered, and each box that was set down in its container."""
    first = findings.next_added_id
    if findings.added + len(given.get("add", ())) > MAX_ADDED:
        raise InvalidCorrection(_("At most %(most)d boxes can be added to one count.") % {"most": MAX_ADDED})
    needs_place = bool(given.get("add") or given.get("move"))
    outlines = Outlines(dict(session.containers.values_list("pk", "polygon")) if needs_place else {})
    placed = dict(given)
    if "add" in given:
        placed["add"] = [
            {
                "id": first - position,
                **_box(row),
                "class_name": row["class_name"],
                "container_id": outlines.at(row["center_x"], row["center_y"]),
            }
            for position, row in enumerate(given["add"])
        ]
    if "move" in given:
        placed["move"] = [
            {
                "id": row["id"],
                **_box(row),
                "container_id": outlines.at(row["center_x"], row["center_y"]),
            }
            for row in given["move"]
        ]
    if "hand_counts" in given:
        placed["hand_counts"] = [
            {
                "container_id": row["container_id"],
                "living": row["living"],
                "dead": row.get("dead") or 0,
                "empty": row.get("empty"),
            }
            for row in given["hand_counts"]
        ]
    return placed


def _without_repeats(findings: Findings, placed: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The operations without what stands already: a count by hand, or a type, that was given once more."""

    def is_new_count(row: Mapping[str, Any]) -> bool:
        known = findings.hand_counts.get(row["container_id"])
        return known != (None if row["living"] is None else hand_count(row))

    left = {
        **placed,
        "retype": [r for r in placed.get("retype", ()) if findings.types.get(r["container_id"]) != r["type"]],
        "hand_counts": [row for row in placed.get("hand_counts", ()) if is_new_count(row)],
    }
    return {name: rows for name, rows in left.items() if rows}


def _box(row: Mapping[str, Any]) -> dict[str, float]:
    """Tenths of a pixel, as the model's own boxes."""
    return {name: round(float(row[name]), 1) for name in ("center_x", "center_y", "width_px", "height_px")}
