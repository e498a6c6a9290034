"""What pages of the administration have in common."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import BadRequest, EmptyResultSet
from django.db import DataError
from django.db.models import CharField, QuerySet, TextField
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.views import ChangeList

# What the ORM and its drivers raise about values that a column cannot hold: years beyond 9999, numbers beyond 64 bits.
_UNREADABLE = (IncorrectLookupParameters, ValueError, OverflowError, DataError)


class CheckedChangeList(ChangeList):
    """A list that answers 400 where its address asks for what no row can hold, for example the year 9999.

    Django redirects for some of these and fails for others, because a query is checked only while it runs.
    """

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        try:
            rows: QuerySet[Any] = super().get_queryset(request, *args, **kwargs)
            rows.query.sql_with_params()
        except EmptyResultSet:  # nothing can match, which is an answer
            pass
        except _UNREADABLE as error:
            raise BadRequest(str(error)) from error
        return rows

    def get_results(self, request: HttpRequest) -> None:
        try:
            super().get_results(request)
        except _UNREADABLE as error:
            raise BadRequest(str(error)) from error


_DjangoModelAdmin: Any = admin.ModelAdmin  # Unfold's, which stands before it, has no types either


class _ChangedFields(_DjangoModelAdmin):
    """Writes of a changed row what the form has changed: the rest may have been written by others since it was read.

    It stands behind Unfold's ModelAdmin, which runs its buttons around the saving.
    """

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
            return
        columns = {field.name for field in obj._meta.concrete_fields}
        obj.save(update_fields=columns.intersection(form.changed_data))


class ModelAdmin(UnfoldModelAdmin, _ChangedFields):
    """A page whose search regards neither case nor accents, and whose filters may be handed anything.

    explanation: what the rows are, above their list, where their name does not say it to everybody.
    """

    explanation: ClassVar[Promise | None] = None
    list_before_template = "admin/explanation.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"explanation": self.explanation, **(extra_context or {})})

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CheckedChangeList

    def get_search_fields(self, request: HttpRequest) -> Sequence[str]:
        return [self._folded(path) for path in super().get_search_fields(request)]

    def _folded(self, path: str) -> str:
        """The lookup of a field to search in: folded for text, as it is for ids and numbers."""
        field = get_fields_from_path(self.model, path)[-1]
        return f"{path}__folded_contains" if isinstance(field, CharField | TextField) else path


class ReadOnlyAdmin(ModelAdmin):
    """Rows that the software writes: looked at, never edited, whatever the role."""

    list_per_page = 50
    show_full_result_count = False  # counting a long table costs more than its page

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
