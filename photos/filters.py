"""The filters of photos, for the gallery's page and for the API."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_filters import BaseInFilter, CharFilter, ChoiceFilter, DateFilter, FilterSet
from drf_spectacular.utils import extend_schema_field

from demeter.filters import IdFilter, StableOrdering
from photos.choices import CountWarning, JobStatus
from photos.day_field import DayField
from photos.models import Image, ProcessingSession, UploadJob, UploadSession
from photos.querysets import ImageQuerySet
from photos.warning_catalogue import WAITING

TRASH: Final = "trash"
CORRECTED: Final = "corrected"
WAITS: Final = "waiting"
BROKEN: Final = "broken"
CORRECTED_LABEL: Final = _("Corrected, not validated yet")
Choices = list[tuple[Any, Any]]


def status_choices(*, with_trash: bool = False) -> Choices:
    """What photos can be filtered by; those that wait for a person by what they wait for."""
    choices: Choices = [
        ("all", pgettext_lazy("photos", "All")),
        ("success", _("Ready")),
        (WAITS, _("Waits for a person")),
        (BROKEN, _("Could not be counted")),
        ("errors", _("With an error")),
        ("warnings", _("With a warning")),
        (CountWarning.MOVED.value, CountWarning.MOVED.label),
        (CORRECTED, CORRECTED_LABEL),
        (_("Waits for a person"), [(warning.value, warning.label) for warning in WAITING]),
    ]
    return [*choices, (TRASH, _("In the trash"))] if with_trash else choices


class IdsFilter(BaseInFilter, IdFilter):
    """Keys of rows, separated by commas."""


class DayFilter(DateFilter):
    """A day of the years 1900 to 2999."""

    field_class = DayField


def _codes(choices: Choices) -> list[str]:
    """The values that a choice of these may have; those of a group stand where its label would."""
    return [
        code
        for value, label in choices
        for code in (_codes(label) if isinstance(label, list) else [str(value)])
    ]


class ImageFilter(FilterSet):
    """What the gallery is filtered by. A place is that of a photo's newest count."""

    search = CharFilter(method="by_filename", max_length=100, help_text="Part of the file name, in any case.")
    status = extend_schema_field({"type": "string", "enum": _codes(status_choices(with_trash=True))})(
        ChoiceFilter(
            method="by_status",
            choices=lambda: status_choices(with_trash=True),
            help_text="`success`: ready. `errors`: every failed one, so `waiting` (a person has to answer) and "
            "`broken` (could not be counted). `warnings`: waits for a person, or carries a warning other than "
            "`superseded`.",
        )
    )
    warehouse_id = IdsFilter(method="by_warehouse", help_text="One or several, separated by commas.")
    location_id = IdFilter(method="by_location")
    date_from = DayFilter(method="from_day", help_text="Uploaded on this day or later.")
    date_to = DayFilter(method="until_day", help_text="Uploaded on this day, which is included, or before.")
    uploaded_by = IdFilter(field_name="uploaded_by")
    ordering = StableOrdering(fields=["uploaded_at", "taken_at", "original_filename"])  # each has an index

    class Meta:
        model = Image
        fields: ClassVar[list[str]] = []

    @property
    def qs(self) -> ImageQuerySet:
        """Photos in the trash are found there alone."""
        photos: ImageQuerySet = super().qs
        is_trash = self.form.is_valid() and self.form.cleaned_data.get("status") == TRASH
        return photos.in_trash() if is_trash else photos.not_deleted()

    def by_filename(self, photos: ImageQuerySet, _name: str, text: str) -> ImageQuerySet:
        return photos.filter(original_filename__folded_contains=text)

    def by_status(self, photos: ImageQuerySet, _name: str, status: str) -> ImageQuerySet:
        if status in ("all", TRASH):
            return photos
        if status == "success":
            return photos.ready()
        if status == "errors":
            return photos.failed()
        if status == WAITS:
            return photos.waiting_for_person()
        if status == BROKEN:
            return photos.broken()
        newest = ProcessingSession.objects.newest()
        if status == "warnings":
            return photos.newest_count_in(newest.with_warnings())
        if status == CORRECTED:
            return photos.newest_count_in(newest.with_draft())
        if status == CountWarning.MOVED:
            return photos.newest_count_in(newest.moved())
        return photos.waiting_for(status)

    def by_warehouse(self, photos: ImageQuerySet, _name: str, numbers: list[int]) -> ImageQuerySet:
        newest = ProcessingSession.objects.newest()
        return photos.newest_count_in(newest.filter(storage_location__storage_area__warehouse__in=numbers))

    def by_location(self, photos: ImageQuerySet, _name: str, number: int) -> ImageQuerySet:
        return photos.newest_count_in(ProcessingSession.objects.newest().filter(storage_location=number))

    def from_day(self, photos: ImageQuerySet, _name: str, day: Any) -> ImageQuerySet:
        return photos.uploaded_from(day)

    def until_day(self, photos: ImageQuerySet, _name: str, day: Any) -> ImageQuerySet:
        return photos.uploaded_until(day)


class UploadFilter(FilterSet):
    """For the uploads of the last hours."""

    status = ChoiceFilter(
        method="by_status",
        choices=JobStatus.choices,
        help_text="Uploads of which at least one file is in this state.",
    )
    date_from = DayFilter(
        field_name="created_at", lookup_expr="date__gte", help_text="Uploaded on this day or later."
    )
    date_to = DayFilter(
        field_name="created_at",
        lookup_expr="date__lte",
        help_text="Uploaded on this day, which is included, or before.",
    )
    ordering = StableOrdering(fields=["created_at"])

    class Meta:
        model = UploadSession
        fields: ClassVar[list[str]] = []

    def by_status(self, uploads: QuerySet[UploadSession], _name: str, status: str) -> QuerySet[UploadSession]:
        return uploads.filter(Exists(UploadJob.objects.filter(upload_session=OuterRef("pk"), status=status)))


def filter_photos(photos: ImageQuerySet, wanted: Mapping[str, Any]) -> ImageQuerySet:
    """The photos that these filters let through: names and values as an address has them, valid ones."""
    return ImageFilter(wanted, queryset=photos).qs
