"""From uploaded photos to booked stock, through the real server and the real workers, without any other server."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from demeter.demo.accounts import ADMIN
from demeter.demo.client import ApiClient
from demeter.demo.counting import follow
from tests.support.http import Browser
from tests.support.local_stack import Embedded, running_stack
from tests.support.nursery_photos import copy_at, render_small
from tests.support.waiting import is_running, reached

WITHIN_S = 180.0  # a process that starts anew on a machine that does other things too

# The web process answers while others count: it must never load what counts.
HEAVY = re.compile(r"libtorch|openvino|/cv2/|libopencv|onnxruntime", re.IGNORECASE)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with running_stack(tmp_path_factory.mktemp("embedded")) as running:
        yield running


@pytest.fixture(scope="module")
def photos(stack: Embedded, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two photos with a position inside a place of their own, and one without any position."""
    folder = tmp_path_factory.mktemp("photos")
    bare = render_small(folder, "without_position", kind="boxes")
    places = stack.rows(
        "SELECT centroid_lat, centroid_lon FROM storage_locations WHERE code IN (?, ?) ORDER BY code",
        "N1-S-01",
        "N2-N-02",
    )
    original = render_small(folder, "original")
    located = [
        copy_at(original, f"claro_{n}", lat=lat, lon=lon) for n, (lat, lon) in enumerate(places, start=1)
    ]
    return [*located, bare]


@pytest.fixture(scope="module")
def counted(stack: Embedded, photos: list[Path]) -> list[dict]:
    """The jobs of these photos, uploaded in one request and followed to their end."""
    client = stack.client()
    answer = client.upload(photos)
    follow(client, answer["upload_session_id"], lambda line: None)
    jobs = {job["job_id"]: job for job in client.job_statuses(answer["upload_session_id"])["jobs"]}
    return [jobs[job["job_id"]] for job in answer["jobs"]]


def outcome(stack: Embedded, job: dict) -> tuple[str, int | None]:
    """How the booking of a job's count ended: its state, and the living that it stands for in the stock."""
    query = (
        "SELECT s.booking_state, s.booked_quantity FROM photo_processing_sessions s"
        " JOIN upload_jobs j ON j.session_id = s.id WHERE j.id = ?"
    )
    [(state, booked)] = stack.rows(query, job["job_id"].replace("-", ""))
    return state, booked


def test_every_uploaded_photo_is_counted(counted: list[dict]) -> None:
    assert [(job["status"], job["progress_percent"], job["stage"]) for job in counted] == [
        ("completed", 100, "done")
    ] * 3
    totals = [job["result"]["total"] for job in counted]
    assert totals[0] == totals[1] > 0


def test_photos_with_a_position_are_booked_and_the_others_wait_for_a_person(
    stack: Embedded, counted: list[dict]
) -> None:
    outcomes = [outcome(stack, job) for job in counted]
    assert [state for state, _booked in outcomes] == ["booked", "booked", "waiting"]
    assert ["needs_location" in job["warnings"] for job in counted] == [False, False, True]
    living = sum(booked or 0 for _state, booked in outcomes)
    assert stack.value("SELECT SUM(quantity) FROM stock_movements WHERE movement_type = 'foto'") == living
    assert stack.value("SELECT SUM(quantity_current) FROM stock_batches") == living


def test_the_annotated_picture_downloads_by_its_signed_link_and_an_altered_link_is_refused(
    stack: Embedded, counted: list[dict]
) -> None:
    client = stack.client()
    task = client.get(f"/api/v1/stock/tasks/{counted[0]['job_id']}")
    link = task["result"]["processed_image_url"]
    browser = Browser("127.0.0.1", stack.port)
    picture = browser.get(link)
    assert (picture.status, picture.headers["Content-Type"]) == (200, "image/avif")
    assert picture.body[4:12] == b"ftypavif"
    assert browser.get(f"{link[:-3]}abc").status in {403, 404}


def test_a_worker_that_holds_a_step_past_its_deadline_is_ended_and_replaced(
    stack: Embedded, counted: list[dict]
) -> None:
    slow = stack.worker_pid("default")
    name = stack.value("SELECT worker FROM worker_heartbeats WHERE worker LIKE ?", f"%:{slow}")
    stack.change(
        "UPDATE processing_steps SET status = 'running', worker = ?, deadline_at = '2026-01-01 00:00:00',"
        " lease_expires_at = '2099-01-01 00:00:00' WHERE kind = 'draw_photo' AND image_id = ?",
        name,
        counted[0]["image_id"].replace("-", ""),
    )
    assert reached(lambda: not is_running(slow), within_s=WITHIN_S, every_s=0.1)
    stack.change(
        "UPDATE processing_steps SET status = 'done', lease_expires_at = NULL WHERE worker = ?", name
    )
    assert reached(lambda: stack.worker_pid("default") != slow, within_s=WITHIN_S, every_s=0.2)


def test_after_every_page_and_endpoint_the_web_process_maps_no_library_that_counts(
    stack: Embedded, counted: list[dict]
) -> None:
    answers = dict(_visit_everything(stack, counted))
    assert {path: status for path, status in answers.items() if status >= 400} == {}
    assert len(answers) > 40
    processes = _web_processes(stack)
    assert len(processes) == 1 + settings.WEB_PROCESSES, "the server and its workers"
    mapped = {pid: HEAVY.findall(Path(f"/proc/{pid}/maps").read_text()) for pid in processes}
    assert mapped == {pid: [] for pid in processes}


def _visit_everything(stack: Embedded, counted: list[dict]) -> Iterator[tuple[str, int]]:
    """Each page and each GET endpoint, as an administrator; the uploads have been posted before."""
    job, upload = counted[0], stack.value("SELECT upload_session_id FROM upload_jobs LIMIT 1")
    bearer = _bearer(stack)
    browser = Browser("127.0.0.1", stack.port)
    for path in (
        "/healthz",
        "/readyz",
        "/user/",
        "/api/v1/auth/me",
        "/api/v1/users/",
        "/api/v1/schema/",
        "/api/v1/photos/uploads",
        f"/api/v1/photos/jobs/status?upload_session_id={upload}",
        f"/api/v1/photos/jobs/{job['job_id']}/status",
        f"/api/v1/stock/tasks/{job['job_id']}",
        f"/api/v1/stock/tasks/status?task_ids={job['job_id']}",
    ):
        yield path, browser.get(path, bearer).status
    assert browser.sign_in("/sign-in/", ADMIN.email, ADMIN.password).status == 302
    pages = ["/", "/photos/", f"/photos/{job['image_id']}/", "/admin/"]
    lists = sorted(set(re.findall(r'href="(/admin/[a-z_]+/[a-z]+/)"', browser.get("/admin/").text)))
    for page in [*pages, *lists]:
        answer = browser.get(page)
        yield page, answer.status
        first = re.search(rf'href="({re.escape(page)}[^"/]+/change/)[^"]*"', answer.text)
        if first:
            yield first[1], browser.get(first[1]).status


def _bearer(stack: Embedded) -> dict[str, str]:
    client = ApiClient(host="127.0.0.1", port=stack.port)
    return {"Authorization": f"Bearer {client.sign_in(ADMIN.email, ADMIN.password)}"}


def _web_processes(stack: Embedded) -> list[int]:
    """The web server and its workers: the processes that were started with this stack's port."""
    port = str(stack.port).encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        if b"granian" in command and port in command:
            found.append(int(folder.name))
    return sorted(found)
