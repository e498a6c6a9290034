"""What fields of forms offer while one types in them."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest

from demeter.admin_base import ModelAdmin

_CONFIGURED_BY: Final = "storagelocationconfig"


class OfferedWhileActive(ModelAdmin):
    """Rows that are switched off instead of deleted: configurations are not offered them any more."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        # So Django names the form that asks (AutocompleteJsonView); a list of rows is asked for by none.
        if request.GET.get("model_name") == _CONFIGURED_BY:
            found = found.filter(is_active=True)
        return found, may_repeat
