"""Which product the plants of a count look like to the nursery's own classifier, beside the one it is booked as.

A place grows what its configuration says, and that is what is booked. But who photographs another place, or has planted
something else, is told: some plants of each container are shown to the classifier, where the nursery has trained one.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from django.db.models import Count

from photos.models import Classification, Detection, PhotoContainer, ProcessingSession

MIN_CONFIDENCE_PERCENT: Final = 50  # an answer below says nothing
MIN_PLANTS: Final = 5  # with a sure answer, before anything is said of the whole photo
MIN_AGREEMENT: Final = 0.6  # of them that must agree


@dataclass(frozen=True)
class SeenProduct:
    """What one plant looks like, and how probable that is, 0–100."""

    product_id: int
    percent: int


@dataclass(frozen=True)
class Recognition:
    """What some plants of a photo look like, by container and the index of the plant in it.

    known: the products that the classifier can tell apart at all. It cannot contradict a place of another product.
    """

    model_version: str
    known: tuple[int, ...]
    seen: Mapping[int, Mapping[int, SeenProduct]]


def forget_recognised(session: ProcessingSession, containers: Sequence[PhotoContainer]) -> None:
    """Delete what an earlier try said of the plants of these containers."""
    if session.recognition:
        Classification.objects.filter(detections__container__in=containers).delete()


def save_recognised(
    session: ProcessingSession,
    recognition: Recognition,
    plants: Mapping[int, Sequence[Detection]],
) -> None:
    """Write a row for each product in each container, and have its plants point to it. The plants are not saved yet.

    The caller saves `session.recognition`.
    """
    rows: list[tuple[Classification, list[Detection]]] = []
    for position, seen in recognition.seen.items():
        by_product: dict[int, list[int]] = defaultdict(list)
        for index, answer in seen.items():
            by_product[answer.product_id].append(index)
        for product_id, indices in by_product.items():
            row = Classification(
                session=session,
                product_id=product_id,
                quantity=len(indices),
                product_confidence_percent=round(fmean(seen[index].percent for index in indices)),
                model_version=recognition.model_version,
            )
            rows.append((row, [plants[position][index] for index in indices]))
    Classification.objects.bulk_create([row for row, _ in rows])
    for row, detections in rows:
        for detection in detections:
            detection.classification = row
    session.recognition = {"model_version": recognition.model_version, "known": sorted(recognition.known)}


def sum_up_recognised(session: ProcessingSession) -> None:
    """Note which product most of the recognised plants look like, if that is clear. Saves nothing."""
    if not session.recognition:
        return
    rows = (
        session.classifications.filter(
            product_confidence_percent__gte=MIN_CONFIDENCE_PERCENT,
            model_version=session.recognition["model_version"],
        )
        .exclude(product=None)
        .values("product", "product__common_name")
        .annotate(plants=Count("detections"))
        .filter(plants__gt=0)  # rows by size have none
        .values_list("product", "product__common_name", "plants")
    )
    plants: dict[tuple[int, str], int] = defaultdict(int)
    for product_id, name, quantity in rows:
        plants[product_id, name] += quantity
    all_plants = sum(plants.values())
    kept = {key: session.recognition[key] for key in ("model_version", "known")}
    if all_plants >= MIN_PLANTS:
        (product_id, name), most = max(plants.items(), key=lambda item: (item[1], -item[0][0]))
        if most >= MIN_AGREEMENT * all_plants:
            kept |= {"product": product_id, "name": name, "plants": most, "of": all_plants}
    session.recognition = kept


def contradicts_place(session: ProcessingSession) -> bool:
    """Whether the plants clearly look like another product than that of the place, which the classifier knows too."""
    seen = session.recognition.get("product")
    return (
        seen is not None
        and session.product_id is not None
        and seen != session.product_id
        and session.product_id in session.recognition["known"]
    )


def agreement_percent(session: ProcessingSession) -> int | None:
    """The share, 0–100, of the surely recognised plants that look like the product of the place; None if unknown."""
    if "product" not in session.recognition or session.product_id not in session.recognition["known"]:
        return None
    if session.recognition["product"] != session.product_id:
        return 0
    plants, shown = int(session.recognition["plants"]), int(session.recognition["of"])
    return round(100 * plants / shown)
