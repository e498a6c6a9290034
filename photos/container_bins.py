"""Which of the nursery's bins the containers are that a photo shows."""

from typing import Final

from inventory.choices import PHOTO_CATEGORIES, BinCategory
from photos.choices import ContainerType

#: The categories of bins that a photo shows as this type of container.
BIN_CATEGORIES: Final = {
    container_type: tuple(
        category for category in BinCategory if PHOTO_CATEGORIES[category] == container_type.value
    )
    for container_type in ContainerType
}
