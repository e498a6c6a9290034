"""Filters of lists that more than one app needs."""

from collections.abc import Mapping
from typing import Any

from django.db.models import BigIntegerField
from django.forms import IntegerField
from django.forms.utils import pretty_name
from django_filters import NumberFilter, OrderingFilter
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field


@extend_schema_field(OpenApiTypes.INT)
class IdFilter(NumberFilter):
    """The key of a row: NumberFilter takes 1.5 for 1, and a number that overflows in the database."""

    field_class = IntegerField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"min_value": 1, "max_value": BigIntegerField.MAX_BIGINT, **kwargs})


class StableOrdering(OrderingFilter):
    """Rows that are equal in what they are ordered by keep one order, so that no page repeats or misses one.

    Their keys go the same way as what they are ordered by last: an index of both is then read in either direction.
    """

    def build_choices(self, fields: Mapping[str, str], labels: Mapping[str, str]) -> list[tuple[str, str]]:
        """English labels: the API's description alone shows them, and theirs are of the language of the start."""
        return [
            (sign + name, pretty_name(name) + told)
            for name in fields.values()
            for sign, told in (("", ""), ("-", " (descending)"))
        ]

    def filter(self, queryset: Any, value: Any) -> Any:
        if not value:
            return queryset
        ordered = super().filter(queryset, value)
        names = ordered.query.order_by
        return ordered.order_by(*names, "-pk" if names[-1].startswith("-") else "pk")
