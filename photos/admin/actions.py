"""The decisions about one photo that the pages of photos and of counts both offer."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.decorators import action

from demeter.admin_base import ReadOnlyAdmin
from photos.admin import review_actions
from photos.pages import decision_texts as texts


class DecisionAdmin(ReadOnlyAdmin):
    """Buttons on the page of one row: count again, assign the place, validate."""

    @action(
        description=texts.COUNT_AGAIN.title, url_path="count-again", permissions=["decide"], icon="replay"
    )
    def count_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.decide_about(request, object_id, review_actions.COUNT_AGAIN)

    @action(
        description=texts.ASSIGN_PLACE.title,
        url_path="assign-place",
        permissions=["decide"],
        icon="location_on",
    )
    def assign_place(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.decide_about(request, object_id, review_actions.ASSIGN_PLACE)

    @action(
        description=texts.VALIDATE.title, url_path="validate", permissions=["decide"], icon="check_circle"
    )
    def validate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.decide_about(request, object_id, review_actions.VALIDATE)

    def decide_about(
        self, request: HttpRequest, object_id: str, decision: review_actions.Decision
    ) -> HttpResponse:
        """Ask about one row, or carry the decision out and come back to its page. Raises Http404."""
        row: Any = self.get_object(request, object_id)
        if row is None:
            raise Http404
        page = review_actions.decide(self, request, [row], decision)
        return page or HttpResponseRedirect(
            reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])
        )
