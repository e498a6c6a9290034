"""The forms of the pages. What an upload may be is checked by its service, not here."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any, Self

from django import forms
from django.conf import settings
from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from demeter.accounts.models import User
from inventory.forms import RemainingForm, RowsField
from inventory.models import Product, StorageLocation, Warehouse
from photos.day_field import DayField
from photos.filters import status_choices
from photos.services.review.edits import MAX_BY_HAND

Choices = list[tuple[Any, Any]]


def location_choices() -> Choices:
    """All places in use, grouped by bed: [(nave · cantero, [(id, code · name), …]), …], after an empty choice."""
    rows = (
        StorageLocation.objects.in_use()
        .order_by("storage_area__warehouse__code", "storage_area__code", "code")
        .values_list("storage_area__warehouse__name", "storage_area__name", "pk", "code", "name")
    )
    beds = groupby(rows, key=lambda row: f"{row[0]} · {row[1]}")
    return [
        ("", "—"),
        *[(bed, [(pk, f"{code} · {name}") for *_, pk, code, name in places]) for bed, places in beds],
    ]


def _id_or_none(value: str) -> int | None:
    return int(value) if value else None


class LocationField(forms.TypedChoiceField):
    """A place chosen from the beds of all naves; its value is the id, or None."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=_id_or_none, empty_value=None, **kwargs)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Each form gets its own copy of the field, and with it the places as they are now: one query a form."""
        field: Self = super().__deepcopy__(memo)
        field.choices = location_choices()
        return field


class DateTimeInput(forms.DateTimeInput):
    """The browser's own calendar and clock, which send and take ISO times in every language."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class UploadForm(forms.Form):
    """What a person can say about the photos of one upload."""

    storage_location_id = LocationField(
        label=_("Place"),
        required=False,
        help_text=_("Leave empty: a QR label in the photo, or its position, tells the place."),
    )
    taken_at = forms.DateTimeField(
        label=_("Taken at"),
        required=False,
        widget=DateTimeInput,
        help_text=_("Only for photos that carry no date, such as those sent through a messaging app."),
    )
    notes = forms.CharField(label=_("Notes"), required=False, max_length=500)

    # What the browser says before it sends anything; the service and the upload handler decide.
    max_files = settings.UPLOAD_MAX_FILES
    max_file_bytes = settings.UPLOAD_MAX_FILE_BYTES


class OfflineUploadForm(UploadForm):
    """The same on a page that is kept for everybody: it lists no places, which may change. The script offers some."""

    storage_location_id = forms.TypedChoiceField(  # type: ignore[assignment]  # in place of the inherited field
        label=_("Place"), required=False, choices=[("", "—")], coerce=_id_or_none, empty_value=None
    )


class PlaceForm(forms.Form):
    """The place that a person names for a photo."""

    storage_location_id = LocationField(label=_("Place"))


class CountAgainForm(forms.Form):
    """Why a photo is counted once more."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=500)


class ValidateForm(forms.Form):
    """A supervisor's word on a count; `version` is that of the findings which were looked at."""

    note = forms.CharField(label=_("Note"), required=False, max_length=500)
    version = forms.IntegerField(
        required=False, min_value=1, max_value=2_147_483_647, widget=forms.HiddenInput
    )


class HandCountForm(forms.Form):
    """A count of the whole photo by hand."""

    living = forms.IntegerField(label=_("Living plants"), min_value=0, max_value=MAX_BY_HAND)
    dead = forms.IntegerField(label=_("Dead plants"), min_value=0, max_value=MAX_BY_HAND, initial=0)
    version = forms.IntegerField(min_value=1, max_value=2_147_483_647, widget=forms.HiddenInput)


class CountNumberForm(forms.Form):
    """Which count of a photo is meant; without one, the newest."""

    count = forms.IntegerField(required=False, min_value=1, max_value=32_767)


class TakenAtForm(forms.Form):
    """When a photo without a date was taken: a time, or a confirmation that it is the time of its upload."""

    taken_at = forms.DateTimeField(label=_("Taken at"), required=False, widget=DateTimeInput)
    as_uploaded = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors and not given.get("taken_at") and not given.get("as_uploaded"):
            raise forms.ValidationError(_("Say when the photo was taken."))
        return given


class CountMoment(models.TextChoices):
    """When plants of the old product were as many as a person says."""

    CYCLE = "cycle", _("when the new cycle began")
    PHOTO = "photo", _("just before this photo")


class OldProductForm(RemainingForm):
    """What became of the plants of the old product, and when they were as many."""

    moment = forms.ChoiceField(
        label=_("Since"), choices=CountMoment.choices, widget=forms.RadioSelect, initial=CountMoment.CYCLE
    )

    def __init__(self, held: Mapping[Product, int], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(held, data)
        self.fields["moment"] = self.fields.pop("moment")


class GalleryForm(forms.Form):
    """The filters above the gallery; every field may be left empty.

    Only who may restore photos sees the trash, and only who sees photos of others chooses whose.
    """

    search = forms.CharField(label=_("File name"), required=False, max_length=100)
    status = forms.ChoiceField(label=_("Status"), required=False, choices=status_choices)
    location_id = LocationField(label=_("Place"), required=False)
    uploaded_by = forms.ModelChoiceField(
        label=_("Uploaded by"), required=False, queryset=User.objects.none(), empty_label="—"
    )
    date_from = DayField(label=_("From"), required=False)
    date_to = DayField(label=_("Until"), required=False)
    warehouse_id = RowsField(
        label=_("Warehouses"),
        required=False,
        queryset=Warehouse.objects.order_by("code"),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self, given: QueryDict, *, uploaders: models.QuerySet[User] | None, with_trash: bool = False
    ) -> None:
        """`given`: the query of an address, in which several warehouses are separated by commas or named twice."""
        data = given.copy()
        named = [number for part in data.getlist("warehouse_id") for number in part.split(",") if number]
        data.setlist("warehouse_id", named)
        super().__init__(data)
        if with_trash:
            status = self.fields["status"]
            status.choices = status_choices(with_trash=True)  # type: ignore[attr-defined]  # a ChoiceField
        if uploaders is None:
            del self.fields["uploaded_by"]
        else:
            self.fields["uploaded_by"].queryset = uploaders  # type: ignore[attr-defined]  # a ModelChoiceField

    def filters(self) -> dict[str, str]:
        """The filters that make sense, as an address has them."""
        self.is_valid()
        found = {name: self.data.get(name, "") for name in self.cleaned_data if name != "warehouse_id"}
        if warehouses := self.cleaned_data.get("warehouse_id"):
            found["warehouse_id"] = ",".join(sorted(str(warehouse.pk) for warehouse in warehouses))
        return {name: value for name, value in found.items() if value}


class PlaceChoiceForm(forms.Form):
    """A place for several photos."""

    storage_location_id = LocationField(label=_("Place"))
