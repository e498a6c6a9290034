"""The store goes away for longer than all tries take, while photos wait in it to be counted and stored."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demeter.demo.counting import follow
from photos.services.steps.deadlines import RETRIES
from tests.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.support.local_stack import Embedded, running_stack
from tests.support.nursery_photos import render_small
from tests.support.s3_server import S3Server, has_swift, running_s3
from tests.support.servers import may_be_skipped
from tests.support.waiting import reached

pytestmark = pytest.mark.skipif(may_be_skipped(has_swift()), reason="the S3 server is missing (make servers)")

BUCKETS = {"S3_BUCKET": "demeter", "S3_BUCKET_PROCESSED": "processed", "S3_BUCKET_STAGING": "staging"}
PHOTOS = 3
WITHIN_S = 300


@pytest.fixture
def server(tmp_path: Path) -> Iterator[S3Server]:
    with running_s3(log_dir=tmp_path / "s3") as running:
        for bucket in BUCKETS.values():
            running.client().create_bucket(Bucket=bucket)
        yield running


@pytest.fixture
def proxy(server: S3Server) -> Iterator[FaultyProxy]:
    with faulty_proxy(server.port) as running:
        yield running


@pytest.fixture
def stack(server: S3Server, proxy: FaultyProxy, tmp_path: Path) -> Iterator[Embedded]:
    settings = {
        **BUCKETS,
        **server.settings(proxy.url),
        "SWEEP_EVERY_S": "1",
        "STORE_BREAKER_OPEN_S": "1",  # so that steps are tried often enough within the time of this test
    }
    with running_stack(tmp_path, settings) as running:
        yield running


def test_every_accepted_photo_is_counted_and_all_pictures_are_made_when_the_store_is_back(
    stack: Embedded, proxy: FaultyProxy, tmp_path: Path
) -> None:
    photos = [render_small(tmp_path / "photos", f"photo{n}", seed=900_050 + n) for n in range(PHOTOS)]
    client = stack.client()
    answer = client.upload(photos)
    proxy.mode = "refuses"
    more_than_all_tries = 2 + max(RETRIES.values())
    tried = "SELECT COUNT(*) FROM processing_steps WHERE attempt >= ?"
    assert reached(lambda: stack.value(tried, more_than_all_tries) >= PHOTOS, within_s=WITHIN_S)
    proxy.mode = "passes"
    follow(client, answer["upload_session_id"], lambda line: None)
    jobs = client.job_statuses(answer["upload_session_id"])["jobs"]
    assert [job["status"] for job in jobs] == ["completed"] * PHOTOS
    assert all(job["result"]["total"] > 0 for job in jobs)
    unmade = (
        "SELECT COUNT(*) FROM s3_images LEFT JOIN photo_processing_sessions ON original_image_id = image_id"
        " WHERE s3_key_thumbnail = '' OR processed_image_id IS NULL OR NOT is_stored"
    )
    assert reached(lambda: stack.value(unmade) == 0, within_s=WITHIN_S)
    assert stack.value("SELECT COUNT(*) FROM processing_steps WHERE status = 'failed'") == 0
    assert stack.value("SELECT MAX(losses + failures) FROM processing_steps") == 0
