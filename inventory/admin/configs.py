"""Admin pages of location configurations: what a change does to the stock is shown before it is saved."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, cast

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from demeter.accounts.models import User
from demeter.admin_base import ModelAdmin
from demeter.errors import DemeterError
from inventory.forms import RemainingForm
from inventory.models import Product, StorageLocationConfig
from inventory.services.configs import (
    ConfigDetails,
    active_config,
    count_by_hand,
    held_beside,
    open_cycle,
    update_running,
)
from inventory.services.preview import StockPreview, preview_stock

_ANSWERS: Final = frozenset({"asked", "gone"})  # the buttons of the question
_UNKNOWN: Final = "unknown"


class AdminRemainingForm(RemainingForm):
    """What is left of the old products, in the look of the administration."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget = UnfoldAdminIntegerFieldWidget(attrs={"min": 0})


class CycleForm(ModelForm):
    """A configuration; of a new cycle also since when it runs: photos taken from then on are of the new product."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if began := self.fields.get("started_at"):  # a running cycle shows it and keeps it
            began.required = began.show_hidden_initial = False
            began.initial = None
            began.help_text = _(
                "When the place was replanted: photos taken from then on show the new plants. Empty: now."
            )

    def clean_started_at(self) -> datetime:
        """The moment that was given, or this one."""
        now, began_at = timezone.now(), cast("datetime | None", self.cleaned_data["started_at"])
        if began_at is not None and began_at > now:
            raise ValidationError(_("A cycle cannot begin in the future."), code="future")
        return began_at or now

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        location, began_at = given.get("storage_location"), given.get("started_at")
        if location is None or began_at is None:
            return given
        running = active_config(location)
        if running is not None and began_at <= running.started_at:
            text = _("The running cycle began on %(date)s: the new one begins after it.")
            date = date_format(timezone.localtime(running.started_at), "SHORT_DATETIME_FORMAT")
            self.add_error("started_at", ValidationError(text, code="too_early", params={"date": date}))
        return given


@admin.register(StorageLocationConfig)
class StorageLocationConfigAdmin(ModelAdmin):
    """Adding opens a new cycle and ends the running one; changing corrects the running one; the past stays.

    Between the form and the saving stand a question, where the books hold another product, and a preview.
    """

    list_display = [
        "storage_location",
        "product",
        "packaging",
        "expected_product_state",
        "is_active",
        "started_at",
        "ended_at",
    ]
    list_filter = ["is_active", "expected_product_state", "storage_location__storage_area__warehouse"]
    list_select_related = ["storage_location", "product", "packaging", "expected_product_state"]
    search_fields = ["storage_location__code", "product__common_name", "product__sku"]
    autocomplete_fields = ["storage_location", "product", "packaging", "expected_product_state"]
    form = CycleForm
    readonly_fields = ["is_active", "started_at", "ended_at", "created_at", "updated_at"]

    def get_readonly_fields(
        self, request: HttpRequest, obj: StorageLocationConfig | None = None
    ) -> list[str]:
        if obj is None:
            return [name for name in self.readonly_fields if name != "started_at"]
        return [*self.readonly_fields, "storage_location"]

    def has_change_permission(self, request: HttpRequest, obj: StorageLocationConfig | None = None) -> bool:
        is_past = obj is not None and not obj.is_active
        return not is_past and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: StorageLocationConfig | None = None) -> bool:
        return False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method == "POST" and "confirmed" not in request.POST:
            page = self._page_in_between(request, object_id)
            if page is not None:
                return page
        return super().changeform_view(request, object_id, form_url, extra_context)

    def response_post_save_add(self, request: HttpRequest, obj: StorageLocationConfig) -> HttpResponse:
        return self._back_to_place(request, obj) or super().response_post_save_add(request, obj)

    def response_post_save_change(self, request: HttpRequest, obj: StorageLocationConfig) -> HttpResponse:
        return self._back_to_place(request, obj) or super().response_post_save_change(request, obj)

    def _back_to_place(self, request: HttpRequest, config: StorageLocationConfig) -> HttpResponse | None:
        """The page of the place, where one came from there."""
        if request.GET.get("from") != "place":
            return None
        return redirect("admin:inventory_storagelocation_change", config.storage_location_id)

    def save_model(
        self, request: HttpRequest, obj: StorageLocationConfig, form: ModelForm, change: bool
    ) -> None:
        remaining = _remaining(_question(request, obj, change))
        obj.pk = _save(obj, change=change, remaining=remaining, user=_user(request)).pk

    def _page_in_between(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        """The question or the preview; None where the form itself has something to say, or nobody may save."""
        config = self.get_object(request, object_id) if object_id else None
        change = config is not None
        may_save = self.has_change_permission(request, config) if change else self.has_add_permission(request)
        if not may_save or (object_id and not change):
            return None
        form = self.get_form(request, config, change=change)(request.POST, instance=config)
        if not form.is_valid():
            return None
        config = form.instance
        question = _question(request, config, change)
        is_answered = not question.fields or _is_answered(question)
        context = self._context(request, config, question, is_answered=is_answered)
        if is_answered:
            remaining = _remaining(question)
            context |= _tried(config, change=change, remaining=remaining, user=_user(request))
            context["left_open"] = bool(question.fields) and not remaining
        return TemplateResponse(request, "admin/inventory/confirm_config.html", context)

    def _context(
        self,
        request: HttpRequest,
        config: StorageLocationConfig,
        question: RemainingForm,
        *,
        is_answered: bool,
    ) -> dict[str, Any]:
        """`sent` repeats the form; its answers too, once they are given and no field shows them any more."""
        left_out = {"csrfmiddlewaretoken", "confirmed"}
        if not is_answered:
            left_out |= {*_ANSWERS, *question.fields}
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Before it is saved"),
            "config": config,
            "form": question,
            "sent": [
                (name, value)
                for name, values in request.POST.lists()
                for value in values
                if name not in left_out
            ],
            "list_url": reverse("admin:inventory_storagelocationconfig_changelist"),
        }


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)  # the administration lets nobody else in


def _question(request: HttpRequest, config: StorageLocationConfig, change: bool) -> RemainingForm:
    """What was left of other products that the books held when the cycle began. A corrected one asks nothing."""
    held = {} if change else held_beside(config.storage_location, config.product, config.started_at)
    return AdminRemainingForm(held, request.POST if _ANSWERS & set(request.POST) else None)


def _is_answered(question: RemainingForm) -> bool:
    """Whether the question was sent with an answer, that nobody knows included."""
    if not question.is_bound or not question.is_valid():
        return False
    return bool(question.remaining) or question.data.get("asked") == _UNKNOWN


def _remaining(question: RemainingForm) -> dict[Product, int]:
    """What is left by product, as far as somebody has said."""
    if not _is_answered(question) or question.data.get("asked") == _UNKNOWN:
        return {}
    return question.remaining


def _tried(config: StorageLocationConfig, **options: Any) -> dict[str, Any]:
    """The preview of saving, or why it would be refused."""
    location = config.storage_location
    try:
        preview: StockPreview[Any] = preview_stock(lambda: _save(config, **options), {location.pk})
    except DemeterError as refusal:
        return {"refusal": str(refusal)}
    except ValidationError as refusal:
        return {"refusal": " ".join(refusal.messages)}
    return {"preview": preview}


@transaction.atomic
def _save(
    config: StorageLocationConfig, *, change: bool, remaining: dict[Product, int], user: User
) -> StorageLocationConfig:
    location = config.storage_location
    details = ConfigDetails(
        product=config.product,
        expected_product_state=config.expected_product_state,
        packaging=config.packaging,
        area_cm2=config.area_cm2,
        notes=config.notes,
    )
    if change:
        return update_running(location=location, details=details)
    began_at = config.started_at
    opened = open_cycle(location=location, details=details, at=began_at, user=user)
    for product, quantity in remaining.items():
        count_by_hand(location=location, product=product, quantity=quantity, at=began_at, user=user)
    return opened
