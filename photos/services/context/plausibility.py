"""Whether a count can be true: what fits into a box, and what the counts before it let expect."""

import math
from typing import Final

from django.conf import settings

from inventory.choices import BinCategory
from inventory.models import PackagingCatalog, StorageBinType
from photos.choices import ContainerType
from photos.container_bins import BIN_CATEGORIES
from photos.models import ProcessingSession

MIN_DIFFERENCE: Final = 10  # plants: below that a ratio says nothing
# Area that a round pot needs at least, as a share of its diameter squared: the densest packing there is.
# Source: Thue 1892, hexagonal packing.
DENSEST: Final = math.sqrt(3) / 2
SQUEEZE: Final = 0.9  # of a pot's nominal diameter: rims give way, and catalogues round up


def max_units(container_type: ContainerType, packaging: PackagingCatalog | None) -> int | None:
    """The most plants that a container seen in a photo can hold; None where the nursery knows no limit.

    A photo does not say which box or tray it is, so the largest of the types that it can be decides; one of them
    without a capacity has no limit, and neither have the plants on a bed. Of pots whose diameter is known no more fit
    into a box than the densest packing lets stand on its floor.
    """
    if container_type == ContainerType.SEGMENT:
        return None
    types = list(StorageBinType.objects.filter(category__in=BIN_CATEGORIES[container_type]))
    limits = [_units_in(bin_type, packaging) for bin_type in types]
    known = [limit for limit in limits if limit is not None]
    return max(known) if known and len(known) == len(limits) else None


def _units_in(bin_type: StorageBinType, packaging: PackagingCatalog | None) -> int | None:
    limits = [bin_type.capacity] if bin_type.capacity else []
    is_open = bin_type.category == BinCategory.BOX and not bin_type.is_grid
    if (
        is_open
        and packaging is not None
        and packaging.diameter_cm
        and bin_type.length_cm
        and bin_type.width_cm
    ):
        pot_cm2 = DENSEST * (SQUEEZE * float(packaging.diameter_cm)) ** 2
        limits.append(max(1, math.floor(bin_type.length_cm * bin_type.width_cm / pot_cm2)))
    return min(limits, default=None)


def differs_from_expected(session: ProcessingSession) -> bool:
    """Whether a count lies so far from `session.expected_living` that a person should look at it.

    That is beyond the factors of the settings, by MIN_DIFFERENCE plants or more. The count's own interval has no say: a
    wide one would keep silent where a person is needed most. It keeps nothing from being booked.
    """
    expected, counted = session.expected_living, session.total_living
    if expected is None or abs(counted - expected) < MIN_DIFFERENCE:
        return False
    return not settings.COUNT_UNLIKE_BELOW * expected <= counted <= settings.COUNT_UNLIKE_ABOVE * expected
