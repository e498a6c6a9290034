"""Sheets of QR labels to print: of any locations, in the sizes in which sheets of labels are sold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from demeter.accounts.page_permissions import require_reader
from inventory.forms import RowsField
from inventory.models import StorageArea, StorageLocation, Warehouse
from inventory.pages.qr_svg import qr_svg
from inventory.services.place_overview import natural_order

MAX_LABELS: Final = 400  # a page; making a code takes two milliseconds
MAX_CHOICES: Final = 120  # locations that are offered one by one


@dataclass(frozen=True)
class LabelFormat:
    """Labels on a sheet of A4. Their measures are a class of static/inventory/css/labels.css: `sheet-<name>`."""

    name: str
    title: Promise
    columns: int
    rows: int

    @property
    def per_sheet(self) -> int:
        return self.columns * self.rows


FORMATS: Final = {
    label.name: label
    for label in (
        LabelFormat("70x37", gettext_lazy("70 × 37 mm, 24 a sheet"), 3, 8),
        LabelFormat("63x38", gettext_lazy("63.5 × 38.1 mm, 21 a sheet"), 3, 7),
        LabelFormat("99x67", gettext_lazy("99.1 × 67.7 mm, 8 a sheet"), 2, 4),
        LabelFormat("105x148", gettext_lazy("105 × 148.5 mm (A6), 4 a sheet: for photos from 2 m"), 2, 2),
        LabelFormat("210x148", gettext_lazy("210 × 148.5 mm (A5), 2 a sheet: for photos from 3 m"), 1, 2),
    )
}
DEFAULT_FORMAT: Final = "99x67"
CHOSEN: Final = ("warehouse", "area", "location")
_MAX_PER_SHEET: Final = max(label.per_sheet for label in FORMATS.values())


@dataclass(frozen=True)
class Label:
    """What is printed for one location."""

    location: StorageLocation
    qr: SafeString


@dataclass(frozen=True)
class Sheet:
    """One page of paper: `free` labels at its beginning are used already."""

    free: range
    labels: Sequence[Label]


class LabelForm(forms.Form):
    """Which locations, on which labels. Warehouses, areas and single locations add up."""

    warehouse = RowsField(queryset=Warehouse.objects.none(), required=False)
    area = RowsField(queryset=StorageArea.objects.none(), required=False)
    location = RowsField(queryset=StorageLocation.objects.none(), required=False)
    format = forms.ChoiceField(
        label=gettext_lazy("Size of the labels"),
        required=False,
        choices=[(label.name, label.title) for label in FORMATS.values()],
    )
    skip = forms.IntegerField(
        label=gettext_lazy("Labels already used on the first sheet"),
        required=False,
        min_value=0,
        max_value=_MAX_PER_SHEET - 1,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, model in (("warehouse", Warehouse), ("area", StorageArea), ("location", StorageLocation)):
            self.fields[name].queryset = model.objects.in_use()  # type: ignore[attr-defined]  # a choice of rows
        self.fields["format"].initial, self.fields["skip"].initial = DEFAULT_FORMAT, 0

    @property
    def label_format(self) -> LabelFormat:
        return FORMATS[self.cleaned_data.get("format") or DEFAULT_FORMAT]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "format" in cleaned and (cleaned.get("skip") or 0) >= self.label_format.per_sheet:
            self.add_error("skip", _("A sheet of this size has fewer labels."))
        return cleaned

    def locations(self) -> QuerySet[StorageLocation]:
        """The locations in use that were chosen."""
        chosen = self.cleaned_data
        return (
            StorageLocation.objects.in_use()
            .filter(
                Q(pk__in=chosen["location"])
                | Q(storage_area__in=chosen["area"])
                | Q(storage_area__warehouse__in=chosen["warehouse"])
            )
            .select_related("storage_area__warehouse")
        )


@require_safe
@require_reader
def labels(request: HttpRequest) -> HttpResponse:
    """The sheets of the locations that the address names; without any, the places to choose from."""
    is_chosen = any(request.GET.get(name) for name in CHOSEN)
    form = LabelForm(_with_defaults(request.GET) if is_chosen else None)
    context: dict[str, Any] = {"form": form, "max_labels": MAX_LABELS}
    if is_chosen and form.is_valid():
        context |= _sheets(form)
    if is_chosen and not any(name in form.errors for name in CHOSEN):
        context["chosen"] = [(name, row.pk) for name in CHOSEN for row in form.cleaned_data[name]]
    if "chosen" not in context or "is_too_many" in context:
        context["warehouses"] = _warehouses()
    return render(request, "inventory/labels.html", context)


def _with_defaults(query: QueryDict) -> QueryDict:
    """What was chosen, with the usual label where none was: an address may name places alone."""
    query = query.copy()
    query.setdefault("format", DEFAULT_FORMAT)
    query.setdefault("skip", "0")
    return query


def _sheets(form: LabelForm) -> dict[str, Any]:
    """The sheets, or how many labels would be too many."""
    locations = list(form.locations()[: MAX_LABELS + 1])
    if len(locations) > MAX_LABELS:
        return {"is_too_many": True}
    locations.sort(key=natural_order)
    label_format, skip = form.label_format, form.cleaned_data.get("skip") or 0
    made = [Label(location, qr_svg(location.qr_code)) for location in locations]
    return {
        "label_format": label_format,
        "sheets": _divide(made, label_format.per_sheet, skip),
        "locations": locations if len(locations) <= MAX_CHOICES else [],
        "count": len(locations),
    }


def _divide(made: Sequence[Label], per_sheet: int, skip: int) -> list[Sheet]:
    """Fill sheets, the first after the labels that are used already."""
    if not made:
        return []
    first = Sheet(range(skip), made[: per_sheet - skip])
    rest = made[per_sheet - skip :]
    later = [Sheet(range(0), rest[at : at + per_sheet]) for at in range(0, len(rest), per_sheet)]
    return [first, *later]


def _warehouses() -> list[tuple[Warehouse, list[StorageArea]]]:
    """The warehouses in use with their areas, as people count."""
    areas: dict[int, list[StorageArea]] = {}
    for area in sorted(StorageArea.objects.in_use(), key=natural_order):
        areas.setdefault(area.warehouse_id, []).append(area)
    warehouses = sorted(Warehouse.objects.in_use(), key=natural_order)
    return [(warehouse, areas.get(warehouse.pk, [])) for warehouse in warehouses]
