"""In which order lists of people come."""

from typing import ClassVar

from django_filters import FilterSet

from demeter.accounts.models import User
from demeter.filters import StableOrdering


class UserFilter(FilterSet):
    """For the accounts that a person may see."""

    ordering = StableOrdering(fields=["name", "email"])

    class Meta:
        model = User
        fields: ClassVar[list[str]] = []
