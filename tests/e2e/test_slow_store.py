"""Each call of the store takes seconds: an io worker has fifty uploads on their way; nothing else waits for them."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.faulty_proxy import faulty_proxy
from tests.support.local_stack import Embedded, running_stack
from tests.support.nursery_photos import copy_at, render_small
from tests.support.s3_server import has_swift, running_s3
from tests.support.servers import may_be_skipped
from tests.support.waiting import reached

pytestmark = pytest.mark.skipif(may_be_skipped(has_swift()), reason="the S3 server is missing (make servers)")

BUCKETS = {
    "S3_BUCKET": "demeter",
    "S3_BUCKET_PROCESSED": "processed",
}  # staging is a folder, so uploads are fast
PHOTOS = 30  # each has an original and a thumbnail to upload
AT_ONCE = 50
COUNTED = 3
WITHIN_S = 600
DELAY_S = 12.0  # two calls are less than STORE_TRANSFER_S, and more than a busy machine takes to begin fifty
NOWHERE = {"lat": -33.5, "lon": -69.5}  # outside the demo nursery
IN_FLIGHT = "SELECT COUNT(*) FROM processing_steps WHERE status = 'running' AND kind LIKE 'upload_%'"
COMPLETED = "SELECT COUNT(*) FROM photo_processing_sessions WHERE status = 'completed'"
CALLBACK_S = re.compile(r"Task aggregate_results\[\S+\] succeeded in ([\d.e-]+)s")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Embedded]:
    with ExitStack() as running:
        s3 = running.enter_context(running_s3(log_dir=tmp_path / "s3"))
        for bucket in BUCKETS.values():
            s3.client().create_bucket(Bucket=bucket)
        proxy = running.enter_context(faulty_proxy(s3.port))
        proxy.delay_s, proxy.mode = DELAY_S, "delays"
        settings = {**BUCKETS, **s3.settings(proxy.url), "IO_WORKER_CONCURRENCY": str(AT_ONCE)}
        yield running.enter_context(running_stack(tmp_path, settings))


def test_fifty_uploads_are_on_their_way_at_once_and_no_count_waits_for_one(
    stack: Embedded, tmp_path: Path
) -> None:
    rendered = render_small(tmp_path / "photos", "photo", width_px=400)
    photos = [copy_at(rendered, f"photo{minute}", minutes=minute, **NOWHERE) for minute in range(PHOTOS)]
    stack.client().upload(photos)
    assert reached(lambda: stack.value(IN_FLIGHT) == AT_ONCE, within_s=WITHIN_S, every_s=0.05)
    # One call of the store takes DELAY_S, and so would each callback that waits for one.
    assert reached(lambda: len(quick_callbacks_s(stack)) >= COUNTED, within_s=WITHIN_S)
    assert stack.value(COMPLETED) >= COUNTED


def quick_callbacks_s(stack: Embedded) -> list[float]:
    """Seconds of the callbacks that took less than one call of the store.

    The first one of a process is not always among them: it loads libraries, from a cold disk in tens of seconds.
    """
    callbacks_s = [float(seconds) for seconds in CALLBACK_S.findall(stack.log("worker-cpu"))]
    return [seconds for seconds in callbacks_s if seconds < DELAY_S]
