"""The first page of the administration: what waits, what could not be counted, and whether the machines work."""

from typing import Any, Final, cast

from django.http import HttpRequest
from django.utils import timezone

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from demeter.alerts import texts
from demeter.metrics.queues import waiting_jobs
from demeter.service_state import service_state
from photos.image_states import reason_of
from photos.image_urls import thumbnail_url
from photos.models import Image
from photos.pages.home import waiting_reasons

SHOWN_FAILURES: Final = 6


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the context of the index what unfold's DASHBOARD_CALLBACK asks for."""
    user = cast(User, request.user)  # the administration lets nobody else in
    photos = Image.objects.visible_to(user).not_deleted().in_inventory()
    broken: Any = photos.broken().with_drawing().select_related("uploaded_by").order_by("-uploaded_at", "-pk")
    failures = [
        (photo, reason_of(photo), thumbnail_url(photo, photo.drawing_id)) for photo in broken[:SHOWN_FAILURES]
    ]
    context |= {"waiting_reasons": waiting_reasons(user), "failures": failures}
    if user.has_role(Role.ADMIN):
        now = timezone.now()
        services, waiting = service_state(now), waiting_jobs(now)
        context |= {
            "services": services,
            "queue_lines": [(queue, waiting.get(queue.name)) for queue in services.queues],
            "raised_alerts": [(alert, texts.title(alert)) for alert in services.alerts],
        }
    return context
