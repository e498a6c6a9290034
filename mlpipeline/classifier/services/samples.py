"""The samples that the nursery's own classifier learns from, read from the store."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from demeter.errors import DemeterError
from inventory.models import Product
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
    labels = _labels({row.product for row in rows})
    for row in rows:
        name = labels[row.product_id]
        picture = row.picture
        key = storage.classified_key(picture.file_name)
        try:
            with storage.open_staged_or_stored(picture.sha256, picture.staging_key, key) as path:
                pixels = read_input(path)
        except DemeterError as refusal:
            logger.warning("Sample %s of %s cannot be read: %s", picture.file_name, name, refusal)
            continue
        yield name, picture.file_name, pixels


def products_by_label() -> dict[str, int]:
    """The id of the product that each label of `read_samples` stands for."""
    sampled = ProductSampleImage.objects.values("product")
    products = Product.objects.filter(is_active=True, pk__in=sampled)
    return {label: product_id for product_id, label in _labels(products).items()}


def _labels(products: Iterable[Product]) -> dict[int, str]:
    """What each product is called: its common name, with its SKU where two share a name."""
    products = list(products)
    shared = Counter(product.common_name for product in products)
    return {
        product.pk: product.common_name if shared[product.common_name] == 1 else str(product)
        for product in products
    }


def sampled_families() -> set[str]:
    """The families of which at least one product has samples."""
    names = ProductSampleImage.objects.filter(product__is_active=True).values_list(
        "product__family__name", flat=True
    )
    return set(names)
