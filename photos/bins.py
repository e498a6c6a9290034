"""Which of the nursery's bins the containers are that a photo shows."""

from typing import Final

from inventory.choices import BinCategory
from photos.choices import ContainerType

#: The categories of bins that a photo shows as this type of container.
BIN_CATEGORIES: Final = {
    ContainerType.SEGMENT: (BinCategory.SEGMENT, BinCategory.POT),
    ContainerType.BOX: (BinCategory.BOX,),
    ContainerType.PLUG: (BinCategory.PLUG, BinCategory.SEEDLING_TRAY),
}
#: What a bin of a category looks like from above.
CONTAINER_TYPES: Final = {
    category: container_type
    for container_type, categories in BIN_CATEGORIES.items()
    for category in categories
}
