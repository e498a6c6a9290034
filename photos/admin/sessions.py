"""Counts in the administration: the picture with the overlay, the numbers, and what a supervisor decides."""

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.forms import Script
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import TabularInline
from unfold.decorators import action, display

from photos.admin import badge_colours, review_actions
from photos.admin.actions import DecisionAdmin
from photos.admin.images import shown_thumbnail
from photos.choices import CountWarning
from photos.models import PhotoContainer, ProcessingSession, ProcessingStep
from photos.pages import decision_texts as texts
from photos.pages.viewer import viewer_context
from photos.warning_texts import reason_texts, warning_texts, warnings_of


class WarningFilter(admin.SimpleListFilter):
    """Counts that carry one warning."""

    title = _("warning")
    parameter_name = "warning"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(CountWarning.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        # Quoted, a code is found in the stored list on every database; SQLite has no lookup inside JSON lists.
        return queryset.filter(warnings__icontains=f'"{self.value()}"') if self.value() else queryset


def as_percent(share: float | None) -> str:
    """A share of 0 to 1 as people read it; a dash for None."""
    return "—" if share is None else f"{share:.0%}".replace("%", " %")


class ReadOnlyInline(TabularInline):
    """Rows that belong to a count, to be looked at."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class ContainerInline(ReadOnlyInline):
    """What stands in the photo."""

    model = PhotoContainer
    fields = ["type", "detected", "estimated", "dead", "empty", "percent", "is_counted", "storage_bin"]
    readonly_fields = ["percent"]

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Whoever may look at a count sees its containers; the list of all containers is for administrators."""
        return True

    @display(description=_("confidence"))
    def percent(self, container: PhotoContainer) -> str:
        # What nobody outlined is assumed: a confidence of 0 would read as a low score.
        return as_percent(container.confidence or None)


class StepInline(ReadOnlyInline):
    """The work that made the count."""

    model = ProcessingStep
    fields = [
        "kind",
        "status",
        "attempt",
        "failures",
        "losses",
        "worker",
        "seconds",
        "error_code",
        "error_message",
    ]


@admin.register(ProcessingSession)
class ProcessingSessionAdmin(DecisionAdmin):
    """Counts are never edited: a place is named, a photo counted again, a count validated."""

    list_display = [
        "thumbnail", "image", "attempt", "place", "shown_status", "shown_booking", "warning_titles", "total_plants",
        "created_at",
    ]  # fmt: skip
    list_display_links = ["thumbnail", "image"]
    list_filter = [
        "booking_state", "status", WarningFilter, "validated", "location_source",
        ("storage_location__storage_area__warehouse", admin.RelatedOnlyFieldListFilter), "created_at",
    ]  # fmt: skip
    list_select_related = ["image", "storage_location", "moved_from"]
    search_fields = [
        "uuid", "image__id", "image__original_filename", "storage_location__code", "storage_location__name",
        "error_message",
    ]  # fmt: skip
    date_hierarchy = "created_at"
    inlines = [ContainerInline, StepInline]
    actions = ["count_all_again", "assign_place_to_all", "validate_all", "withdraw_all"]
    actions_detail = ["count_again", "assign_place", "validate", "withdraw"]
    change_form_before_template = "admin/photos/processingsession/picture.html"
    fieldsets = [
        (None, {"fields": ["image", "status", "booking_state", "advice", "error_message"]}),
        (
            _("Count"),
            {
                "fields": [
                    "total_plants", "total_detected", "total_estimated", "total_dead", "total_empty_containers",
                    "mean_confidence", "why_not_more_closely",
                ]
            },
        ),
        (_("Place"), {"fields": ["storage_location", "location_source", "distance", "moved_from", "candidates"]}),
        (_("Booking"), {"fields": ["product", "product_state", "packaging", "booked_quantity", "booking_revision"]}),
        (
            _("Review"),
            {"fields": ["validated", "validated_by", "validation_date", "by_hand", "adjustments", "answered"]},
        ),
        (
            _("How it was counted"),
            {
                "classes": ["collapse"],
                "fields": [
                    "uuid", "attempt", "requested_by", "reason", "model_versions", "timings", "created_at",
                    "started_at", "completed_at",
                ],
            },
        ),
    ]  # fmt: skip

    class Media:
        css = {"all": ["photos/css/viewer.css"]}
        js = ["demeter/js/numbers.js", Script("photos/js/viewer/main.js", type="module")]

    def has_decide_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Whoever may change counts decides about them, although nobody edits their rows."""
        return request.user.has_perm("photos.change_processingsession")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                all_plants=Coalesce(
                    F("human_detected") + F("human_estimated"), F("total_detected") + F("total_estimated")
                )
            )
        )

    def view_on_site(self, session: ProcessingSession) -> str:
        return f"{reverse('photo', args=[session.image_id])}?count={session.attempt}"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        if obj is not None:
            context |= viewer_context(obj.image, obj)
        response = super().render_change_form(request, context, *args, obj=obj, **kwargs)
        response["Cache-Control"] = "private, no-store"  # signed links in it expire
        return response

    @display(description=_("picture"))
    def thumbnail(self, session: ProcessingSession) -> SafeString | str:
        return shown_thumbnail(session.image, session.processed_image_id)

    @display(description=_("status"), ordering="status", label=badge_colours.SESSION)
    def shown_status(self, session: ProcessingSession) -> tuple[str, str]:
        return session.status, session.get_status_display()

    @display(description=_("booking"), ordering="booking_state", label=badge_colours.BOOKING)
    def shown_booking(self, session: ProcessingSession) -> tuple[str, str]:
        return session.booking_state, session.get_booking_state_display()

    @display(description=_("place"), ordering="storage_location__code", empty_value="—")
    def place(self, session: ProcessingSession) -> str | None:
        return session.storage_location.code if session.storage_location else None

    @display(description=_("all plants"), ordering="all_plants")
    def total_plants(self, session: ProcessingSession) -> str:
        total = number_format(session.total, force_grouping=True)
        if session.interval is None:
            return total
        low, high = (number_format(end, force_grouping=True) for end in session.interval)
        return f"{total} ({low}–{high})"

    @display(description=_("why not more closely"))
    def why_not_more_closely(self, session: ProcessingSession) -> str:
        known = reason_texts(session.interval_reasons) if session.interval else []
        return ", ".join(known) or "—"

    @display(description=_("mean confidence"))
    def mean_confidence(self, session: ProcessingSession) -> str:
        return as_percent(session.avg_confidence)

    @display(description=_("corrected by hand"))
    def by_hand(self, session: ProcessingSession) -> str:
        if not session.is_corrected:
            return "—"
        sums = {
            _("detected"): session.detected,
            _("estimated"): session.estimated,
            _("dead"): session.dead,
            _("empty cells"): session.empty,
        }
        return " · ".join(f"{name} {number_format(n, force_grouping=True)}" for name, n in sums.items())

    @display(description=_("adjustments"))
    def adjustments(self, session: ProcessingSession) -> str:
        texts = []
        if note := session.manual_adjustments.get("note"):
            texts.append(note)
        if short := session.manual_adjustments.get("missing"):
            said = ngettext(
                "the stock is %(plants)s plant short", "the stock is %(plants)s plants short", short
            )
            texts.append(said % {"plants": number_format(short, force_grouping=True)})
        return " · ".join(texts) or "—"

    @display(description=_("warnings"))
    def warning_titles(self, session: ProcessingSession) -> str:
        return " · ".join(str(warning["title"]) for warning in warnings_of(session)) or "—"

    @display(description=_("warnings"))
    def advice(self, session: ProcessingSession) -> SafeString | str:
        texts = [(warning["title"], warning["advice"]) for warning in warnings_of(session)]
        return format_html_join("", "<p><strong>{}</strong><br>{}</p>", texts) or "—"

    @display(description=_("answered by a person"))
    def answered(self, session: ProcessingSession) -> str:
        return (
            " · ".join(str(warning["title"]) for warning in warning_texts(session.accepted_warnings)) or "—"
        )

    @display(description=_("distance of the position"), empty_value="—")
    def distance(self, session: ProcessingSession) -> str | None:
        if session.gps_distance_m is None:
            return None
        return f"{number_format(session.gps_distance_m, 1, force_grouping=True)} m"

    @display(description=_("candidates"))
    def candidates(self, session: ProcessingSession) -> SafeString | str:
        rows = [(place["name"], place["distance_m"]) for place in session.location_candidates]
        return format_html_join("", "<div>{} · {} m</div>", rows) or "—"

    @admin.action(description=texts.COUNT_AGAIN.title, permissions=["decide"])
    def count_all_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return review_actions.decide(
            self, request, queryset.select_related("image"), review_actions.COUNT_AGAIN
        )

    @admin.action(description=texts.ASSIGN_PLACE.title, permissions=["decide"])
    def assign_place_to_all(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return review_actions.decide(
            self, request, queryset.select_related("image"), review_actions.ASSIGN_PLACE
        )

    @admin.action(description=texts.VALIDATE.title, permissions=["decide"])
    def validate_all(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return review_actions.decide(self, request, queryset.select_related("image"), review_actions.VALIDATE)

    @admin.action(description=texts.WITHDRAW.title, permissions=["decide"])
    def withdraw_all(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return review_actions.decide(self, request, queryset.select_related("image"), review_actions.WITHDRAW)

    @action(description=texts.WITHDRAW.title, url_path="withdraw", permissions=["decide"], icon="undo")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.decide_about(request, object_id, review_actions.WITHDRAW)
