"""Learning from validated counts how large plants are and how densely they stand, place by place.

A person who validates a count says that it shows the truth; its rows then tell what a plant takes up there. Each count
leaves one sample a kind of container, and a place's calibration is computed anew from its samples. So validating
twice, naming another place or counting a photo again leaves each photo with the weight of one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from demeter.accounts.models import User
from photos.choices import ContainerType
from photos.models import CalibrationSample, PhotoContainer, PlaceCalibration, ProcessingSession
from photos.plant_metrics import cm2_per_px, mean_plant_area, polygon_area, summary, visible_share
from photos.services.corrections.findings import Kind, corrected_findings, kind_of
from photos.services.corrections.sums import correct_sums
from photos.warning_catalogue import TEACHING_NOTHING

MIN_PLANT_COUNT: Final = 10  # on one photo, for its mean to say something. Source: origin, band calibration
# From so many photos on, it overrides the typed-in parameters. Source: origin, calibration wizard of 3–5 photos
MIN_PHOTO_COUNT: Final = 3
REFERENCE_PX: Final = 4000  # longer side of the picture that `plant_area_px` refers to


@dataclass(frozen=True)
class LearnedDensity:
    """What validated photos say of a product: `photos` of them, the place's own or those of other places.

    shown_area_cm2: leaf that one plant shows between its neighbours. plants_per_m2: the most seen on one photo.
    """

    photos: int
    shown_area_cm2: float
    plants_per_m2: float
    is_of_this_place: bool


@transaction.atomic
def update_calibration(session: ProcessingSession) -> None:
    """Replace the samples of a count's photo by those it gives now, and compute their calibrations anew.

    Call after anything that changes what a person has said of the count. Of several validated counts of one photo
    the last one is used. A count that is not validated, or shows too few plants, leaves no sample.
    """
    of_photo = CalibrationSample.objects.filter(session__image=session.image_id)
    touched = set(of_photo.values_list("calibration", flat=True))
    of_photo.delete()
    newest = (
        ProcessingSession.objects.counted()
        .filter(image=session.image_id, validated=True)
        .select_related("image", "storage_location")
        .order_by("-attempt")
        .first()
    )
    samples = _samples(newest) if newest is not None else []
    CalibrationSample.objects.bulk_create(samples)
    touched |= {sample.calibration_id for sample in samples}
    for pk in sorted(touched):  # in one order everywhere: two validations lock the same rows
        _summarize(PlaceCalibration.objects.select_for_update().get(pk=pk))


@transaction.atomic
def update_calibrations(image_ids: Collection[UUID]) -> None:
    """Compute the calibrations of these photos anew: they went into the trash, or came out of it."""
    touched = PlaceCalibration.objects.filter(samples__session__image__in=image_ids).distinct()
    for pk in sorted(touched.values_list("pk", flat=True)):
        _summarize(PlaceCalibration.objects.select_for_update().get(pk=pk))


@transaction.atomic
def reset_calibration(calibration: PlaceCalibration, *, user: User) -> PlaceCalibration:
    """Begin anew: photos validated until now are left out of the calibration from here on."""
    calibration = PlaceCalibration.objects.select_for_update().get(pk=calibration.pk)
    calibration.forgotten_at, calibration.forgotten_by = timezone.now(), user
    return _summarize(calibration)


def learned_density(session: ProcessingSession, container_type: str) -> LearnedDensity | None:
    """What was learnt of the plants of a count: at its own place, else of its product anywhere. None: nothing."""
    known = [row for row in _known(session) if row.container_type == container_type]
    own = [row for row in known if row.storage_location_id == session.storage_location_id]
    rows = own or known
    photos = sum(row.photos for row in rows)
    if not photos:
        return None
    shown = sum(row.photos * (row.plant_area_cm2 or 0) * (row.visible_share or 0) for row in rows) / photos
    most = max(row.plants_per_m2_most or 0 for row in rows)
    return LearnedDensity(photos, shown, most, bool(own))


def _known(session: ProcessingSession) -> list[PlaceCalibration]:
    if session.product_id is None:
        return []
    return list(
        PlaceCalibration.objects.filter(product=session.product, packaging=session.packaging, photos__gt=0)
    )


def _samples(session: ProcessingSession) -> list[CalibrationSample]:
    """The samples of a validated count, not saved: one for each kind of container that shows enough plants."""
    place = session.storage_location
    if place is None or session.product_id is None or TEACHING_NOTHING.intersection(session.warnings):
        return []
    image = session.image
    cm2 = cm2_per_px(place.area_m2, image.width_px, image.height_px)  # one photo shows one place
    to_reference = (REFERENCE_PX / max(image.width_px, image.height_px)) ** 2
    findings = corrected_findings(session, until=session.validated_version)
    sums = correct_sums(session, findings).containers
    containers: dict[str, list[PhotoContainer]] = {}
    for container in session.containers.filter(is_counted=True):
        containers.setdefault(container.human_type or container.type, []).append(container)
    samples = []
    for kind, group in sorted(containers.items()):
        own = {container.pk for container in group}
        boxes = np.array(
            [
                (box.center_x, box.center_y, box.width_px, box.height_px)
                for box in findings.boxes.values()
                if box.container_id in own and kind_of(box.class_name) != Kind.EMPTY
            ],
            dtype=np.float64,
        ).reshape(-1, 4)
        area_m2 = sum(polygon_area(container.polygon) for container in group) * cm2 / 10_000
        plants = sum(sums[container.pk].total for container in group)
        if min(len(boxes), plants) < MIN_PLANT_COUNT or area_m2 <= 0:
            continue
        centres, sides = boxes[:, :2], boxes[:, 2:]
        area_px = mean_plant_area(sides)
        samples.append(
            CalibrationSample(
                calibration=_calibration(session, kind),
                session=session,
                plants=plants,
                plant_area_cm2=area_px * cm2,
                plant_area_px=area_px * to_reference,
                plants_per_m2=plants / area_m2,
                visible_share=visible_share(centres, sides),
            )
        )
    return samples


def _calibration(session: ProcessingSession, kind: str) -> PlaceCalibration:
    calibration, _created = PlaceCalibration.objects.get_or_create(
        storage_location=session.storage_location,
        product=session.product,
        packaging=session.packaging,
        container_type=ContainerType(kind),
    )
    return calibration


def _summarize(calibration: PlaceCalibration) -> PlaceCalibration:
    """Compute a locked calibration from its samples."""
    counted = calibration.samples.filter(session__image__deleted_at=None)
    if calibration.forgotten_at is not None:
        counted = counted.filter(session__validation_date__gt=calibration.forgotten_at)
    samples = list(counted.order_by("-session__image__taken_at", "-pk"))
    calibration.photos = len(samples)
    calibration.plants = sum(sample.plants for sample in samples)
    calibration.last_taken_at = counted.aggregate(last=Max("session__image__taken_at"))["last"]
    values = ("plant_area_cm2", "plant_area_px", "plants_per_m2", "visible_share")
    told = {name: summary([getattr(sample, name) for sample in samples]) for name in values if samples}
    for name in values:
        setattr(calibration, name, told[name].mean if samples else None)
    for name in ("plant_area_cm2", "plants_per_m2"):
        setattr(calibration, f"{name}_spread", told[name].spread if samples else None)
    calibration.plants_per_m2_most = max((sample.plants_per_m2 for sample in samples), default=None)
    calibration.save()
    return calibration
