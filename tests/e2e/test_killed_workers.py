"""Workers are killed with kill -9 in the middle of each stage: no photo is lost, no stock is booked twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demeter.demo.counting import follow
from tests.support.embedded import Embedded, running_stack
from tests.support.nursery_photos import copy_at, render_small

PLACES = (
    "N1-S-01",
    "N1-S-02",
    "N1-N-01",
    "N1-N-02",
    "N2-S-01",
    "N2-S-02",
    "N2-N-01",
    "N2-N-02",
    "S1-S-01",
    "S1-S-02",
)
WITH_BOXES = 4  # of the places: their photos also have boxes, which are counted in steps of their own
STAGES = (
    "upload_original",
    "upload_thumbnail",
    "process_photo_ml",
    "detect_sahi",
    "detect_direct",
    "aggregate_results",
    "draw_photo",
    "upload_annotated",
)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Embedded]:
    # A short lease, so that the test does not wait a minute for each killed worker.
    with running_stack(tmp_path, {"STEP_LEASE_S": "6", "SWEEP_EVERY_S": "1"}) as running:
        yield running


@pytest.fixture
def photos(stack: Embedded, tmp_path: Path) -> list[Path]:
    """Ten photos of ten places, a bed of pots on each, boxes beside it on some."""
    folder = tmp_path / "photos"
    bed, mixed = render_small(folder, "bed"), render_small(folder, "mixed", kind="mixed", seed=900_052)
    places = {
        code: (lat, lon)
        for code, lat, lon in stack.rows("SELECT code, centroid_lat, centroid_lon FROM storage_locations")
    }
    return [
        copy_at(mixed if number < WITH_BOXES else bed, code, lat=places[code][0], lon=places[code][1])
        for number, code in enumerate(PLACES)
    ]


def test_ten_photos_survive_a_killed_worker_in_each_stage(stack: Embedded, photos: list[Path]) -> None:
    client = stack.client()
    answer = client.upload(photos)
    survived = stack.kill_holders(STAGES)
    follow(client, answer["upload_session_id"], lambda line: None)
    assert survived == set()
    jobs = client.job_statuses(answer["upload_session_id"])["jobs"]
    assert [job["status"] for job in jobs] == ["completed"] * len(PLACES)
    assert all(job["result"]["total"] > 0 for job in jobs)
    assert stack.value("SELECT COUNT(*) FROM processing_steps WHERE attempt > 1") >= len(STAGES)
    living = stack.rows(
        "SELECT booking_state, total_detected + total_estimated - total_dead FROM photo_processing_sessions"
    )
    assert [state for state, _count in living] == ["booked"] * len(PLACES)
    assert stack.value("SELECT SUM(quantity) FROM stock_movements") == sum(count for _state, count in living)
    movements = stack.rows(
        "SELECT session_uuid, batch_id, COUNT(*) FROM stock_movements WHERE movement_type = 'foto'"
        " GROUP BY 1, 2"
    )
    assert len(movements) >= len(PLACES)
    assert {count for _session, _batch, count in movements} == {1}
