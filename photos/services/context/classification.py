"""Which product, packaging and size the plants of a count are booked as: a convention, not something recognised.

One place grows one product, so its configuration names product and packaging. Sizes are measured (z-score of the area
after perspective is taken out); plants that were only estimated are M.
"""

from collections.abc import Mapping
from typing import Any

from inventory.models import ProductSize
from photos.models import Classification, ProcessingSession
from photos.services.context.recognition import agreement_percent


def classify(session: ProcessingSession, sizes: Mapping[str, int]) -> None:
    """Write how many living plants of a count are of each size, in place of what an earlier try wrote.

    `sizes` are plants by the code of their size. A size that the catalogue does not have is named by the product
    alone, and left out where that is not known either. How sure the product is, is the share of the plants shown to the
    nursery's own classifier that look like it. How sure packaging and size are nobody has measured: they stay empty
    (docs/classifier.md).
    """
    session.classifications.filter(detections=None).delete()
    known = {size.code: size for size in ProductSize.objects.filter(code__in=sizes)}
    rows = [
        Classification(
            session=session,
            product=session.product,
            packaging=session.packaging,
            product_size=known.get(code),
            quantity=quantity,
            **_said_of_product(session),
        )
        for code, quantity in sizes.items()
        if quantity
    ]
    Classification.objects.bulk_create(
        [row for row in rows if row.product or row.packaging or row.product_size]
    )


def update_for_place(session: ProcessingSession) -> None:
    """Give the classifications of a count the product and packaging that its place turned out to have."""
    session.classifications.filter(product_size__isnull=False).update(
        product=session.product,
        packaging=session.packaging,
        **_said_of_product(session),
    )


def _said_of_product(session: ProcessingSession) -> dict[str, Any]:
    """How sure the product is, and the model that says so. Where none does: the one whose boxes the sizes are of."""
    confidence = agreement_percent(session)
    detector = session.model_versions.get("detection", {}).get("name", "")
    return {
        "product_confidence_percent": confidence,
        "model_version": detector if confidence is None else session.recognition["model_version"],
    }
