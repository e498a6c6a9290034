"""From uploaded photos to booked stock in production: PostgreSQL, Redis, an S3 store, every service a process."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import botocore.auth
import pytest

from demeter.demo.accounts import WORKER
from demeter.demo.counting import follow
from tests.support.http import Browser
from tests.support.nursery_photos import copy_at, render_small
from tests.support.production import Production, missing_servers, running_production

# With greenlets, which a store far away may want: the stacks of the other tests run threads, as it comes.
SETTINGS = {"IO_WORKER_POOL": "gevent"}
PLACES = ["N1-S-01", "N1-N-02", "N2-N-02"]


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    if missing := missing_servers():
        reason = f"this machine lacks {', '.join(missing)}"
        if os.environ.get("DEMETER_REQUIRE_SERVERS") == "1":
            pytest.fail(f"The production topology must be tested here, but {reason}")
        pytest.skip(reason)
    with running_production(tmp_path_factory.mktemp("production"), SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def counted(production: Production, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The ended jobs of three photos, each taken inside a place of its own, uploaded by a worker in one request."""
    original = render_small(tmp_path_factory.mktemp("photos"), "original")
    spots = production.rows(
        "SELECT centroid_lat, centroid_lon FROM storage_locations WHERE code = ANY(%s) ORDER BY code", PLACES
    )
    photos: list[Path] = [
        copy_at(original, f"claro_{number}", lat=lat, lon=lon) for number, (lat, lon) in enumerate(spots)
    ]
    client = production.client()
    client.sign_in(WORKER.email, WORKER.password)
    answer = client.upload(photos)
    assert [job["status"] for job in answer["jobs"]] == ["pending"] * len(PLACES)
    follow(client, answer["upload_session_id"], lambda line: None)
    return client.job_statuses(answer["upload_session_id"])["jobs"]


def link_to_drawing(production: Production, job: dict[str, Any]) -> str:
    client = production.client()
    client.sign_in(WORKER.email, WORKER.password)
    link: str = client.get(f"/api/v1/stock/tasks/{job['job_id']}")["result"]["processed_image_url"]
    return link


def test_every_photo_is_counted(counted: list[dict[str, Any]]) -> None:
    assert [(job["status"], job["stage"], job["progress_percent"]) for job in counted] == [
        ("completed", "done", 100)
    ] * len(PLACES)
    totals = {job["result"]["total"] for job in counted}
    assert len(totals) == 1  # three copies of one picture
    assert totals.pop() > 0


def test_the_stock_is_the_living_and_its_ledger_agrees(
    production: Production, counted: list[dict[str, Any]]
) -> None:
    sessions = production.rows("SELECT booking_state, booked_quantity FROM photo_processing_sessions")
    assert [state for state, _ in sessions] == ["booked"] * len(PLACES)
    living = sum(booked for _, booked in sessions)
    [(moved,)] = production.rows("SELECT SUM(quantity) FROM stock_movements WHERE movement_type = 'foto'")
    [(held,)] = production.rows("SELECT SUM(quantity_current) FROM stock_batches")
    assert 0 < moved == held == living <= sum(job["result"]["total"] for job in counted)


def test_originals_thumbnails_and_drawings_lie_in_the_store_and_nothing_waits_in_staging(
    production: Production, counted: list[dict[str, Any]]
) -> None:
    images = sorted(job["image_id"] for job in counted)
    keys = production.keys("demeter")
    names = {
        folder: sorted(key for key in keys if key.startswith(folder)) for folder in ("originals", "annotated")
    }
    assert {folder: [key.rsplit("/", 1)[1] for key in found] for folder, found in names.items()} == {
        "originals": [f"{image}.jpg" for image in images],
        "annotated": [f"{image}.avif" for image in images],
    }
    thumbnails = {key.rsplit("/", 1)[1] for key in keys if key.startswith("thumbnails/")}
    assert thumbnails == {f"{image}{kind}.avif" for image in images for kind in ("", "_annotated")}
    assert production.keys("staging") == []
    facts = production.store().head_object(Bucket="demeter", Key=names["originals"][0])
    assert (facts["ContentType"], facts["Metadata"]["image_id"]) == ("image/jpeg", images[0])


def test_a_signed_link_downloads_and_an_altered_one_is_refused(
    production: Production, counted: list[dict[str, Any]]
) -> None:
    link = link_to_drawing(production, counted[0])
    browser = Browser("127.0.0.1", production.port)
    picture = browser.get(link)
    assert (picture.status, picture.headers["Content-Type"]) == (200, "image/avif")
    assert "X-Amz-Expires=3600" in link
    other = counted[1]["image_id"]
    assert browser.get(link.replace(counted[0]["image_id"], other)).status == 403
    assert browser.get(link.replace("X-Amz-Expires=3600", "X-Amz-Expires=7200")).status == 403
    assert browser.get(link.partition("?")[0]).status in {400, 401, 403}


def test_a_link_of_two_hours_ago_is_refused(
    production: Production, counted: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = next(key for key in production.keys("demeter") if key.startswith("annotated/"))

    def sign() -> str:
        link: str = production.store().generate_presigned_url(
            "get_object", Params={"Bucket": "demeter", "Key": key}, ExpiresIn=3600
        )
        return link

    browser = Browser("127.0.0.1", production.port)
    assert browser.get(sign()).status == 200
    now = botocore.auth.get_current_datetime
    monkeypatch.setattr(
        botocore.auth,
        "get_current_datetime",
        lambda *args, **kwargs: now(*args, **kwargs) - timedelta(hours=2),
    )
    assert browser.get(sign()).status == 403


@pytest.mark.parametrize("service", ["worker-gpu", "worker-cpu", "worker-io"])
def test_the_health_check_of_each_worker_passes(production: Production, service: str) -> None:
    check = production.health_check(service)
    assert (check.returncode, check.stderr) == (0, "")
