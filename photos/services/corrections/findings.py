"""The findings of a count as people have corrected them: corrections replayed over the rows of the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext as _

from photos.choices import DEAD_CLASS, EMPTY_CLASS
from photos.errors import UnknownFinding
from photos.models import Correction, ProcessingSession

_COLUMNS = (
    "id", "center_x", "center_y", "width_px", "height_px", "confidence", "class_name", "container_id",
)  # fmt: skip


class Kind(StrEnum):
    """What a box stands for in the sums."""

    LIVING = "living"
    DEAD = "dead"
    EMPTY = "empty"


_KINDS: Final = {DEAD_CLASS: Kind.DEAD, EMPTY_CLASS: Kind.EMPTY}


def kind_of(class_name: str) -> Kind:
    """Every class but the dead and the empty is a living plant."""
    return _KINDS.get(class_name, Kind.LIVING)


class Box(NamedTuple):
    """One plant, dead plant or empty cell, in px of the whole picture: a tuple, for a count has thousands."""

    center_x: float
    center_y: float
    width_px: float
    height_px: float
    confidence: float
    class_name: str
    container_id: int | None


@dataclass(frozen=True)
class HandCount:
    """What a person counted in a container, or on the whole photo. `empty` None: nobody said."""

    living: int
    dead: int = 0
    empty: int | None = None


def hand_count(row: Mapping[str, Any]) -> HandCount:
    """A count by hand as a correction keeps it."""
    return HandCount(row["living"], row["dead"], row["empty"])


@dataclass
class Findings:
    """The state after some corrections.

    boxes: those that count, by id; ids below zero were added by a person. removed: those that were taken away.
    found: what the model had found, by container and kind. types: containers whose type a person changed.
    hand_counts: by container, None for the whole photo.
    """

    boxes: dict[int, Box]
    found: Counter[tuple[int | None, Kind]] = field(default_factory=Counter)
    removed: dict[int, Box] = field(default_factory=dict)
    types: dict[int, str] = field(default_factory=dict)
    hand_counts: dict[int | None, HandCount] = field(default_factory=dict)
    added: int = 0
    is_corrected: bool = False

    def changes(self) -> Counter[tuple[int | None, Kind]]:
        """How many boxes more (+) or fewer (−) stand than the model had found, by container and kind."""
        changes: Counter[tuple[int | None, Kind]] = Counter()
        if self.is_corrected:
            changes.update(tally(self.boxes.values()))
            changes.subtract(self.found)
        return changes

    @property
    def next_added_id(self) -> int:
        """The id of the next box that a person adds: -1, -2, …, each given once, whatever became of the box."""
        return -(self.added + 1)

    def apply(self, operations: Mapping[str, list[Any]]) -> None:
        """Apply one correction: restore, add, move, relabel, delete, retype, hand_counts, in this order.

        Raises UnknownFinding for a box that does not stand. Deleting or restoring twice changes nothing.
        """
        self.is_corrected = True
        for box_id in operations.get("restore", ()):
            self._restore(box_id)
        for row in operations.get("add", ()):
            self._add(row)
        for row in operations.get("move", ()):
            self._move(row)
        for row in operations.get("relabel", ()):
            self.boxes[row["id"]] = self._standing(row["id"])._replace(class_name=row["class_name"])
        for box_id in operations.get("delete", ()):
            self._delete(box_id)
        for row in operations.get("retype", ()):
            self.types[row["container_id"]] = row["type"]
        for row in operations.get("hand_counts", ()):
            self._count_by_hand(row)

    def _standing(self, box_id: int) -> Box:
        box = self.boxes.get(box_id)
        if box is None:
            raise UnknownFinding(
                _("The box %(id)s does not exist, or was deleted.") % {"id": box_id}, id=box_id
            )
        return box

    def _add(self, row: Mapping[str, Any]) -> None:
        self.added += 1
        self.boxes[row["id"]] = Box(
            row["center_x"],
            row["center_y"],
            row["width_px"],
            row["height_px"],
            1.0,
            row["class_name"],
            row["container_id"],
        )

    def _move(self, row: Mapping[str, Any]) -> None:
        box = self._standing(row["id"])
        self.boxes[row["id"]] = Box(
            row["center_x"],
            row["center_y"],
            row["width_px"],
            row["height_px"],
            box.confidence,
            box.class_name,
            row["container_id"],
        )

    def _delete(self, box_id: int) -> None:
        if box_id not in self.removed:
            self.removed[box_id] = self._standing(box_id)
            del self.boxes[box_id]

    def _restore(self, box_id: int) -> None:
        if box_id in self.removed:
            self.boxes[box_id] = self.removed.pop(box_id)
        else:
            self._standing(box_id)

    def _count_by_hand(self, row: Mapping[str, Any]) -> None:
        if row["living"] is None:
            self.hand_counts.pop(row["container_id"], None)
        else:
            self.hand_counts[row["container_id"]] = hand_count(row)


def corrected_findings(session: ProcessingSession, *, until: int | None = None) -> Findings:
    """The findings of a count with its corrections: two queries, however many boxes and corrections.

    `until`: only the corrections up to this version, for example the one that was validated; None: all.
    """
    boxes = {row[0]: Box._make(row[1:]) for row in session.detections.values_list(*_COLUMNS)}
    findings = Findings(boxes=boxes, found=tally(boxes.values()))
    corrections = Correction.objects.filter(session=session).order_by("version")
    if until is not None:
        corrections = corrections.filter(version__lte=until)
    for operations in corrections.values_list("operations", flat=True):
        findings.apply(operations)
    return findings


def tally(boxes: Iterable[Box]) -> Counter[tuple[int | None, Kind]]:
    """How many boxes of each kind each container has."""
    by_class = Counter(map(attrgetter("container_id", "class_name"), boxes))
    found: Counter[tuple[int | None, Kind]] = Counter()
    for (container_id, class_name), number in by_class.items():
        found[container_id, kind_of(class_name)] += number
    return found
