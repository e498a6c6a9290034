"""The first design's way through the product: SAHI finds the plants, bands estimate what it missed, stock is booked."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from demeter.demo.counting import follow
from tests.support.local_stack import Embedded, running_stack
from tests.support.nursery_photos import copy_at, render_small

SETTINGS = {"COUNT_ENGINE": "sahi", "COUNT_ESTIMATOR": "bands"}
PLACE = "N1-S-01"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with running_stack(tmp_path_factory.mktemp("first_design"), SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def job(stack: Embedded, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The ended job of a photo of a bed with boxes, taken inside a place."""
    original = render_small(tmp_path_factory.mktemp("photos"), "bed", kind="mixed", seed=900_052)
    [(lat, lon)] = stack.rows(
        "SELECT centroid_lat, centroid_lon FROM storage_locations WHERE code = ?", PLACE
    )
    client = stack.client()
    answer = client.upload([copy_at(original, "claro", lat=lat, lon=lon)])
    follow(client, answer["upload_session_id"], lambda line: None)
    found: dict[str, Any] = client.job_statuses(answer["upload_session_id"])["jobs"][0]
    return found


def test_sahi_counts_the_photo(stack: Embedded, job: dict[str, Any]) -> None:
    assert (job["status"], job["stage"]) == ("completed", "done")
    assert job["result"]["total_detected"] > 0
    [(models,)] = stack.rows("SELECT model_versions FROM photo_processing_sessions")
    assert {kind: model["engine"] for kind, model in json.loads(models).items()} == {
        "segmentation": "sahi",
        "detection": "sahi",
    }


def test_what_it_missed_is_estimated_in_bands_with_their_outlines(
    stack: Embedded, job: dict[str, Any]
) -> None:
    columns = stack.client().get(f"/api/v1/photos/{job['image_id']}/estimations")
    del columns["session_id"]
    bands = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    assert {band["calculation_method"] for band in bands} == {"band_based"}
    assert {band["band_number"] for band in bands} == {1, 2, 3, 4}
    assert all(band["processed_area_px"] <= band["residual_area_px"] for band in bands)
    assert any(band["estimated_count"] > 0 for band in bands)
    for band in bands:
        assert bool(band["vegetation_polygon"]) is (band["processed_area_px"] > 0)
        assert all(len(ring) >= 3 for ring in band["vegetation_polygon"])


def test_the_living_of_both_are_booked(stack: Embedded, job: dict[str, Any]) -> None:
    [(state, booked, detected, estimated, dead)] = stack.rows(
        "SELECT booking_state, booked_quantity, total_detected, total_estimated, total_dead"
        " FROM photo_processing_sessions"
    )
    assert state == "booked"
    assert booked == detected + estimated - dead > 0
    assert stack.value("SELECT SUM(quantity) FROM stock_movements WHERE movement_type = 'foto'") == booked
