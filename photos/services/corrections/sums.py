"""What a count adds up to once people have corrected it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from photos.models import Estimation, PhotoContainer, ProcessingSession
from photos.polygons import Region, Ring
from photos.services.corrections.findings import Findings, HandCount, Kind, corrected_findings, kind_of


@dataclass(frozen=True)
class Sums:
    """Plants that were seen (living or dead) and those that were not, the dead, and empty cells."""

    detected: int
    estimated: int
    dead: int
    empty: int

    @property
    def living(self) -> int:
        """Plants that are not dead."""
        return self.detected + self.estimated - self.dead

    @property
    def total(self) -> int:
        """Plants, living or dead."""
        return self.detected + self.estimated


@dataclass(frozen=True)
class CorrectedSums:
    """The sums of the whole photo and of each container, by its primary key."""

    photo: Sums
    containers: dict[int, Sums]


def correct_sums(session: ProcessingSession, findings: Findings | None = None) -> CorrectedSums:
    """The sums of a count with all its corrections, validated or not.

    They are the model's sums and what the corrections change in them. An added plant that stands in an area where
    hidden plants were estimated is one of these: it is seen now, and the estimate of its container falls by one. What
    was counted by hand goes before what was marked.
    """
    if findings is None:
        findings = corrected_findings(session)
    containers = list(session.containers.all())
    changes = findings.changes()
    replaced = _replaced_estimates(session, findings)
    sums = {row.pk: _container_sums(row, findings, changes, replaced[row.pk]) for row in containers}
    photo = _model_sums(session)
    for row in containers:
        photo = _plus(photo, sums[row.pk], minus=Sums(row.detected, row.estimated, row.dead, row.empty))
    photo = _changed(photo, changes, None, 0)
    if None in findings.hand_counts:
        photo = _by_hand(findings.hand_counts[None], photo)
    return CorrectedSums(photo, sums)


def _model_sums(session: ProcessingSession) -> Sums:
    return Sums(
        session.total_detected, session.total_estimated, session.total_dead, session.total_empty_containers
    )


def _container_sums(
    row: PhotoContainer, findings: Findings, changes: Counter[tuple[int | None, Kind]], replaced: int
) -> Sums:
    marked = _changed(Sums(row.detected, row.estimated, row.dead, row.empty), changes, row.pk, replaced)
    by_hand = findings.hand_counts.get(row.pk)
    return marked if by_hand is None else _by_hand(by_hand, marked)


def _changed(
    sums: Sums, changes: Counter[tuple[int | None, Kind]], container_id: int | None, replaced: int
) -> Sums:
    living, dead = changes[container_id, Kind.LIVING], changes[container_id, Kind.DEAD]
    detected = max(0, sums.detected + living + dead)
    return Sums(
        detected,
        max(0, sums.estimated - replaced),
        min(max(0, sums.dead + dead), detected),
        max(0, sums.empty + changes[container_id, Kind.EMPTY]),
    )


def _by_hand(count: HandCount, marked: Sums) -> Sums:
    empty = marked.empty if count.empty is None else count.empty
    return Sums(count.living + count.dead, 0, count.dead, empty)


def _plus(photo: Sums, sums: Sums, *, minus: Sums) -> Sums:
    return Sums(
        max(0, photo.detected + sums.detected - minus.detected),
        max(0, photo.estimated + sums.estimated - minus.estimated),
        max(0, photo.dead + sums.dead - minus.dead),
        max(0, photo.empty + sums.empty - minus.empty),
    )


def _replaced_estimates(session: ProcessingSession, findings: Findings) -> Counter[int]:
    """How many plants that were added stand where hidden plants of the same container were estimated."""
    added = [
        box
        for pk, box in findings.boxes.items()
        if pk < 0 and box.container_id is not None and kind_of(box.class_name) != Kind.EMPTY
    ]
    areas = _estimated_areas(session) if added else {}
    return Counter(
        box.container_id
        for box in added
        if box.container_id in areas and areas[box.container_id].contains(box.center_x, box.center_y)
    )


def _estimated_areas(session: ProcessingSession) -> dict[int, Region]:
    rings: dict[int, list[Ring]] = defaultdict(list)
    rows = Estimation.objects.filter(session=session, estimated_count__gt=0)
    for container_id, polygon in rows.values_list("container_id", "vegetation_polygon"):
        rings[container_id].extend(polygon)
    return {container_id: Region(own) for container_id, own in rings.items()}


def validated_containers(
    session: ProcessingSession, findings: Findings | None = None
) -> list[PhotoContainer]:
    """The containers of a count as a person validated them, else as the model counted them. To be shown, not saved."""
    containers = list(session.containers.all())
    if not session.is_corrected:
        return containers
    if findings is None:
        findings = corrected_findings(session, until=session.validated_version)
    sums = correct_sums(session, findings).containers
    for container in containers:
        own = sums[container.pk]
        container.detected, container.estimated = own.detected, own.estimated
        container.dead, container.empty = own.dead, own.empty
        container.type = container.human_type or container.type
    return containers
