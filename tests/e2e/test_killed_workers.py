"""Workers are killed with kill -9 in the middle of each stage, or frozen: no photo is lost, no stock booked twice."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from demeter.demo.counting import follow
from tests.support.local_stack import Embedded, running_stack
from tests.support.nursery_photos import copy_at, render_small
from tests.support.waiting import reached

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


# A lease of an hour: what a killed worker held is given back by the supervisor that saw it die, or the test never ends.
# Signs of life come every 10 s.
SETTINGS = {"STEP_LEASE_S": "3600", "SWEEP_EVERY_S": "1", "WORKER_FROZEN_AFTER_S": "20"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with running_stack(tmp_path_factory.mktemp("killed"), SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def photos(stack: Embedded, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Ten photos of ten places, a bed of pots on each, boxes beside it on some."""
    folder = tmp_path_factory.mktemp("photos")
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
        " WHERE id IN (SELECT session_id FROM upload_jobs WHERE upload_session_id = ?)",
        answer["upload_session_id"].replace("-", ""),
    )
    assert [state for state, _count in living] == ["booked"] * len(PLACES)
    assert stack.value("SELECT SUM(quantity) FROM stock_movements") == sum(count for _state, count in living)
    movements = stack.rows(
        "SELECT session_uuid, batch_id, COUNT(*) FROM stock_movements WHERE movement_type = 'foto'"
        " GROUP BY 1, 2"
    )
    assert len(movements) >= len(PLACES)
    assert {count for _session, _batch, count in movements} == {1}


def test_frozen_processes_are_started_again_and_the_photo_is_counted(
    stack: Embedded, photos: list[Path]
) -> None:
    frozen = {queue: stack.worker_pid(queue) for queue in ("cpu_queue", "beat")}
    for pid in frozen.values():
        os.kill(pid, signal.SIGSTOP)
    client = stack.client()
    answer = client.upload([copy_at(photos[0], "one_more", lat=0.0, lon=0.0)])
    follow(client, answer["upload_session_id"], lambda line: None)
    [job] = client.job_statuses(answer["upload_session_id"])["jobs"]
    assert job["status"] == "completed"
    assert reached(lambda: stack.worker_pid("beat") != frozen["beat"], within_s=120)
    assert stack.worker_pid("cpu_queue") != frozen["cpu_queue"]
