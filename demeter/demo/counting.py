"""Counting photos as a client would: upload them, follow their jobs, name a place where one is asked for."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from demeter.accounts.models import User
from demeter.demo.accounts import SUPERVISOR, WORKER
from demeter.demo.client import ApiClient, ServerRefused
from demeter.demo.report_table import Row, row_of, session_of, true_count
from demeter.errors import DemeterError
from inventory.models import StorageLocation
from photos.choices import SessionStatus
from photos.models import UploadJob
from photos.services.results.session_lifecycle import assign_location

POLL_EVERY_S = 2.0
STALLED_AFTER_S = 900.0  # longer than any step may take
PHOTOS_A_REQUEST = 10  # fewer than there are places, so that no two photos of a request must share one
UNFINISHED = frozenset({"pending", "processing"})
Say = Callable[[str], None]


class CountingStalled(DemeterError):
    """No job of an upload has advanced for STALLED_AFTER_S."""

    code, status = "counting_stalled", 504


@dataclass(frozen=True)
class Sent:
    """A photo and the job that the server made of it."""

    photo: Path
    job_id: str


def count_photos(client: ApiClient, photos: Sequence[Path], say: Say) -> list[Row]:
    """Have the server count and book these photos; one row for each, in the given order.

    Raises ServerRefused, CountingStalled.
    """
    places = cycle(StorageLocation.objects.filter(configs__is_active=True).order_by("code"))
    rows = []
    for first in range(0, len(photos), PHOTOS_A_REQUEST):
        rows += _count_request(client, photos[first : first + PHOTOS_A_REQUEST], places, say)
    return rows


def _count_request(
    client: ApiClient, photos: Sequence[Path], places: Iterator[StorageLocation], say: Say
) -> list[Row]:
    client.sign_in(WORKER.email, WORKER.password)
    try:
        answer = client.upload(photos)
    except ServerRefused as refusal:
        if refusal.details["status_code"] != 400:
            raise
        say(_("Every photo was refused: %(reason)s") % {"reason": refusal})
        return [Row(file=photo.name, true=true_count(photo)) for photo in photos]
    sent = [Sent(photo, job["job_id"]) for photo, job in zip(photos, answer["jobs"], strict=True)]
    follow(client, answer["upload_session_id"], say)
    jobs = UploadJob.objects.select_related("session__image", "duplicate_of").in_bulk(
        [one.job_id for one in sent]
    )
    by_id = {str(job_id): job for job_id, job in jobs.items()}
    for one in sent:
        _name_place(by_id[one.job_id], places)
    return [row_of(one.photo, UploadJob.objects.get(pk=one.job_id)) for one in sent]


def follow(client: ApiClient, upload_session_id: str, say: Say) -> None:
    """Ask every two seconds until each job has ended, and say what changed. Raises CountingStalled."""
    ended: set[str] = set()
    last_percent, changed_at = -1.0, time.monotonic()
    while True:
        status = client.job_statuses(upload_session_id)
        for job in status["jobs"]:
            if job["status"] not in UNFINISHED and job["job_id"] not in ended:
                ended.add(job["job_id"])
                say(_outcome(job))
        if len(ended) == len(status["jobs"]):
            return
        percent = status["summary"]["overall_progress_percent"]
        if percent != last_percent:
            last_percent, changed_at = percent, time.monotonic()
            stages = sorted({job["stage"] for job in status["jobs"] if job["status"] in UNFINISHED})
            say(_("  %(percent)d %% · %(stages)s") % {"percent": percent, "stages": ", ".join(stages)})
        elif time.monotonic() - changed_at > STALLED_AFTER_S:
            raise CountingStalled(
                _("Nothing has moved for %(minutes)d minutes.") % {"minutes": STALLED_AFTER_S / 60}
            )
        time.sleep(POLL_EVERY_S)


def _outcome(job: dict[str, Any]) -> str:
    if job["status"] == "completed" and job.get("result"):
        return _("  %(file)s: %(total)d plants") % {"file": job["filename"], "total": job["result"]["total"]}
    reason = job.get("error_message") or job["status"]
    return _("  %(file)s: not counted (%(reason)s)") % {"file": job["filename"], "reason": reason}


def _name_place(job: UploadJob, places: Iterator[StorageLocation]) -> None:
    """Name the next place for a photo whose position names none, as a person would. It is not counted again."""
    session = session_of(job)
    if session is None or session.status != SessionStatus.COMPLETED or session.storage_location is not None:
        return
    assign_location(session=session, location=next(places), user=User.objects.get(email=SUPERVISOR.email))
