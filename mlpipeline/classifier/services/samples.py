"""The samples that the nursery's own classifier learns from, read from the store."""

import logging
from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from demeter.errors import DemeterError
from mlpipeline.classifier.models import ProductSampleImage
from mlpipeline.classifier.picture_files import read_input
from photos import storage

logger = logging.getLogger(__name__)


def read_samples() -> Iterator[tuple[str, str, NDArray[np.uint8]]]:
    """(label, file name, (224, 224, 3) RGB) of each sample of a product in use.

    A label is the common name of the product, with its SKU where two share a name. A picture that cannot be read is
    left out, and logged.
    """
    rows = list(
        ProductSampleImage.objects.filter(product__is_active=True)
        .select_related("product", "picture")
        .order_by("product", "pk")
    )
    products = {row.product_id: row.product for row in rows}
    shared = Counter(product.common_name for product in products.values())
    for row in rows:
        name = row.product.common_name
        picture = row.picture
        key = storage.classified_key(picture.file_name)
        try:
            with storage.open_staged_or_stored(picture.sha256, picture.staging_key, key) as path:
                pixels = read_input(path)
        except DemeterError as refusal:
            logger.warning("Sample %s of %s cannot be read: %s", picture.file_name, name, refusal)
            continue
        yield (name if shared[name] == 1 else str(row.product)), picture.file_name, pixels


def sampled_families() -> set[str]:
    """The families of which at least one product has samples."""
    names = ProductSampleImage.objects.filter(product__is_active=True).values_list(
        "product__family__name", flat=True
    )
    return set(names)
