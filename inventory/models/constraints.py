"""The constraints that several tables share, named `<table>_<rule>`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


def unique(table: str, *fields: str, message: StrPromise) -> UniqueConstraint:
    """No two rows alike. The code `unique` lets a form show the message beside a single field."""
    return UniqueConstraint(
        fields=fields,
        name=f"{table}_{'_'.join(fields)}_unique",
        violation_error_message=message,
        violation_error_code="unique",
    )


def one_of(table: str, field: str, choices: type[models.TextChoices]) -> CheckConstraint:
    """Only the values of a closed list."""
    return CheckConstraint(
        condition=Q(**{f"{field}__in": choices.values}),
        name=f"{table}_{field}_known",
        violation_error_message=_("Choose one of the listed values."),
    )


def positive(table: str, field: str) -> CheckConstraint:
    """Above zero, or unknown where the field may be empty."""
    return CheckConstraint(
        condition=Q(**{f"{field}__gt": 0}),
        name=f"{table}_{field}_positive",
        violation_error_message=_("The value must be above zero."),
    )


def not_negative(table: str, field: str) -> CheckConstraint:
    """Zero or more, or unknown where the field may be empty."""
    return CheckConstraint(
        condition=Q(**{f"{field}__gte": 0}),
        name=f"{table}_{field}_not_negative",
        violation_error_message=_("The value must not be negative."),
    )


def on_earth(table: str) -> list[CheckConstraint]:
    """A bounding box in degrees that is in order and on the globe."""
    return [
        CheckConstraint(
            condition=Q(bbox_min_lon__lt=F("bbox_max_lon"), bbox_min_lat__lt=F("bbox_max_lat")),
            name=f"{table}_bbox_in_order",
            violation_error_message=_("The outline has no extent."),
        ),
        CheckConstraint(
            condition=Q(
                bbox_min_lon__gte=-180, bbox_max_lon__lte=180, bbox_min_lat__gte=-90, bbox_max_lat__lte=90
            ),
            name=f"{table}_bbox_on_earth",
            violation_error_message=_(
                "Longitudes must lie between -180 and 180 and latitudes between -90 and 90, longitude first."
            ),
        ),
        positive(table, "area_m2"),
    ]
