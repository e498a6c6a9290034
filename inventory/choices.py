"""The closed lists of the nursery. Stored values are the domain's own codes, member names are English."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class WarehouseType(models.TextChoices):
    """How a warehouse (nave) is built."""

    GREENHOUSE = "greenhouse", _("Greenhouse")
    SHADEHOUSE = "shadehouse", _("Shade house")
    OPEN_FIELD = "open_field", _("Open field")
    TUNNEL = "tunnel", _("Tunnel")


class AreaPosition(models.TextChoices):
    """Which side of its warehouse a bed (cantero) lies on."""

    NORTH = "N", _("North")
    SOUTH = "S", _("South")
    EAST = "E", _("East")
    WEST = "W", _("West")
    CENTRE = "C", _("Centre")


class BinCategory(models.TextChoices):
    """What kind of container plants stand in."""

    PLUG = "plug", _("Plug tray")
    SEEDLING_TRAY = "seedling_tray", _("Seedling tray")
    BOX = "box", _("Box")
    SEGMENT = "segment", _("Segment")
    POT = "pot", _("Pot")


#: What a bin of each category is in a photo, from above: a pot looks like part of a bed, a seedling tray like plugs.
PHOTO_CATEGORIES: Final = {
    BinCategory.SEGMENT: BinCategory.SEGMENT,
    BinCategory.POT: BinCategory.SEGMENT,
    BinCategory.BOX: BinCategory.BOX,
    BinCategory.PLUG: BinCategory.PLUG,
    BinCategory.SEEDLING_TRAY: BinCategory.PLUG,
}


class BinStatus(models.TextChoices):
    """Whether a container is in use. Retired is final."""

    ACTIVE = "active", _("Active")
    MAINTENANCE = "maintenance", _("In maintenance")
    RETIRED = "retired", _("Retired")


class BinSource(models.TextChoices):
    """Who made a container's record: the count of a photo, or a person."""

    PHOTO = "photo", _("Photo")
    MANUAL = "manual", _("By hand")


class MovementType(models.TextChoices):
    """Why a quantity of plants changed."""

    PLANTING = "plantar", _("Planting")
    SOWING = "sembrar", _("Sowing")
    TRANSPLANT = "transplante", _("Transplant")
    DEATH = "muerte", _("Death")
    SALE = "ventas", _("Sale")
    PHOTO = "foto", _("Photo count")
    ADJUSTMENT = "ajuste", _("Adjustment")
    INITIAL_COUNT = "manual_init", _("Initial count by hand")


class MovementSource(models.TextChoices):
    """Who wrote a line of the ledger: a person, or the software."""

    MANUAL = "manual", _("By hand")
    AUTOMATIC = "ia", _("Automatic")


class MovementReason(models.TextChoices):
    """Why the software itself writes an adjustment; people write reasons of their own (inventory.movement_reasons)."""

    PRODUCT_CORRECTED = "product_corrected", _("The product of this cycle was corrected.")
    ACCEPTANCE_WITHDRAWN = "acceptance_withdrawn", _("The acceptance of this count was withdrawn.")
    ACCEPTED_BELOW_BOOKS = (
        "accepted_below_books",
        _("The count of a photo was accepted although it lies below the books."),
    )


# The sign of these is fixed; a transplant, a photo count and an adjustment go either way.
INBOUND_TYPES = (MovementType.PLANTING, MovementType.SOWING, MovementType.INITIAL_COUNT)
OUTBOUND_TYPES = (MovementType.DEATH, MovementType.SALE)
