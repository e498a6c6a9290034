"""Findings, corrections, validation and export over HTTP."""

import csv
import io
import json
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from demeter.accounts.models import User
from inventory.models import StockBatch, StockMovement, StorageLocation
from photos.models import Correction, Detection, ProcessingSession
from photos.services.results.session_lifecycle import open_session
from tests.conftest import Bearer
from tests.photos.count_builders import count_photo, store_photo

NEW_PLANT = {"center_x": 35, "center_y": 25, "width_px": 6, "height_px": 6, "class_name": "plant"}
COLUMNS = {
    "id", "center_x", "center_y", "width_px", "height_px", "confidence", "class_name", "is_empty_container",
    "is_alive", "container_id",
}  # fmt: skip


@pytest.fixture
def session(worker: User, place: StorageLocation) -> ProcessingSession:
    """One living and one dead plant and one empty cell seen, two estimated; three are booked."""
    return count_photo(store_photo(worker), place)


def url(session: ProcessingSession, what: str = "detections") -> str:
    if what in ("validate", "export"):
        return f"/api/v1/sessions/{session.uuid}/{what}"
    return f"/api/v1/photos/{session.image_id}/{what}"


def correct(client: APIClient, session: ProcessingSession, **body: Any) -> Any:
    return client.patch(url(session), {"version": 1, **body})


def held() -> int:
    return sum(StockBatch.objects.values_list("quantity_current", flat=True))


def test_detections_are_parallel_arrays_with_a_version(client: APIClient, session: ProcessingSession) -> None:
    answer = client.get(url(session)).json()
    assert set(answer) == COLUMNS | {"session_id", "version", "hand_counts", "model_sums", "sums"}
    assert {len(answer[name]) for name in COLUMNS} == {3}
    assert (answer["session_id"], answer["version"]) == (str(session.uuid), 1)
    assert answer["class_name"] == ["plant", "dead", "empty"]
    assert answer["is_alive"] == [True, False, False]
    assert answer["is_empty_container"] == [False, False, True]
    assert answer["sums"] == {"detected": 2, "estimated": 2, "dead": 1, "empty": 1, "total": 4, "living": 3}


def test_boxes_are_told_in_tenths_of_a_pixel_and_scores_in_thousandths(
    client: APIClient, session: ProcessingSession
) -> None:
    Detection.objects.filter(session=session, class_name="plant").update(
        center_x=10.06, center_y=20.0, width_px=3.34, height_px=1e-05, confidence=0.98765
    )
    answer = client.get(url(session)).json()
    assert [answer[name][0] for name in ("center_x", "center_y", "width_px", "height_px")] == [
        10.1, 20.0, 3.3, 0.0,
    ]  # fmt: skip
    assert answer["confidence"][0] == 0.988


def test_a_photo_without_boxes_has_empty_arrays(client: APIClient, session: ProcessingSession) -> None:
    session.detections.all().delete()
    answer = client.get(url(session)).json()
    assert [answer[name] for name in COLUMNS] == [[]] * len(COLUMNS)


def test_detections_cost_the_same_queries_however_many_there_are(
    client: APIClient, session: ProcessingSession
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(url(session)).status_code == 200
        return len(asked)

    first = queries()
    row = Detection.objects.filter(session=session).first()
    assert row is not None
    values = {f.attname: getattr(row, f.attname) for f in Detection._meta.fields if f.attname != "id"}
    Detection.objects.bulk_create([Detection(**values) for _ in range(200)])
    correct(client, session, add=[NEW_PLANT] * 20)
    assert queries() <= first + 1  # the outlines of estimates, which an added plant asks for
    assert first == 5  # user, count with its photo, boxes, corrections, containers


def test_what_the_client_has_is_not_sent_again_until_it_is_corrected(
    client: APIClient, session: ProcessingSession
) -> None:
    first = client.get(url(session))
    known = {"If-None-Match": first["ETag"]}
    assert client.get(url(session), headers=known).status_code == 304
    correct(client, session, add=[NEW_PLANT])
    assert client.get(url(session), headers=known).status_code == 200


def test_a_correction_answers_version_ids_and_sums(client: APIClient, session: ProcessingSession) -> None:
    response = correct(client, session, add=[NEW_PLANT, {**NEW_PLANT, "class_name": "dead"}])
    assert response.status_code == 200
    assert response.json() == {
        "version": 2,
        "added_ids": [-1, -2],
        "sums": {"detected": 4, "estimated": 2, "dead": 2, "empty": 1, "total": 6, "living": 4},
    }
    found = client.get(url(session)).json()
    assert (found["version"], found["id"][:2]) == (2, [-2, -1])
    assert Correction.objects.get().user.pk == session.image.uploaded_by_id
    assert held() == 3


def test_an_old_version_is_409_with_facts_and_changes_nothing(
    client: APIClient, session: ProcessingSession
) -> None:
    correct(client, session, add=[NEW_PLANT])
    response = correct(client, session, add=[NEW_PLANT])
    assert response.status_code == 409
    assert response.json()["code"] == "version_conflict"
    assert response.json()["detail"]["version"] == 2
    assert Correction.objects.count() == 1


def test_an_edit_sent_twice_is_applied_once(client: APIClient, session: ProcessingSession) -> None:
    edit = {"edit_id": str(uuid.uuid4()), "add": [NEW_PLANT]}
    assert correct(client, session, **edit).json() == correct(client, session, **edit).json()
    assert Correction.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"version": None}, "invalid"),
        ({"add": [{"center_x": 1}]}, "invalid"),
        ({"add": [{**NEW_PLANT, "center_x": "wide"}]}, "invalid"),
        ({"add": [{**NEW_PLANT, "center_x": 4800}]}, "invalid_correction"),
        ({"add": [{**NEW_PLANT, "class_name": "weed"}]}, "invalid_correction"),
        ({"add": [{**NEW_PLANT, "width_px": "nan"}]}, "invalid"),
        ({"delete": [10**30]}, "unknown_finding"),
        ({"retype": [{"container_id": 1, "type": "pond"}]}, "invalid"),
        ({"retype": [{"container_id": 10**30, "type": "box"}]}, "unknown_finding"),
        ({"hand_counts": [{"living": -1}]}, "invalid"),
        ({"edit_id": "mine"}, "invalid"),
    ],
)
def test_a_correction_that_cannot_be_is_400(
    client: APIClient, session: ProcessingSession, body: dict[str, Any], code: str
) -> None:
    response = correct(client, session, **body)
    assert (response.status_code, response.json()["code"]) == (400, code)
    session.refresh_from_db()
    assert session.version == 1


def test_who_may_correct(
    bearer: Bearer,
    session: ProcessingSession,
    viewer: User,
    other_worker: User,
    supervisor: User,
    stranger: User,
) -> None:
    assert correct(bearer(viewer), session, add=[NEW_PLANT]).status_code == 403
    assert correct(bearer(other_worker), session, add=[NEW_PLANT]).status_code == 404
    assert correct(bearer(stranger), session, add=[NEW_PLANT]).status_code == 403
    assert correct(APIClient(), session, add=[NEW_PLANT]).status_code == 401
    assert not Correction.objects.exists()
    assert correct(bearer(supervisor), session, add=[NEW_PLANT]).status_code == 200


@pytest.mark.parametrize("what", ["detections", "containers", "estimations", "export"])
def test_who_may_read(
    bearer: Bearer, session: ProcessingSession, viewer: User, other_worker: User, stranger: User, what: str
) -> None:
    assert bearer(viewer).get(url(session, what)).status_code == 200
    assert bearer(other_worker).get(url(session, what)).status_code == 404
    assert bearer(stranger).get(url(session, what)).status_code == 403
    assert APIClient().get(url(session, what)).status_code == 401


def test_a_count_that_has_not_ended_or_was_replaced_is_409(
    client: APIClient, session: ProcessingSession
) -> None:
    again = open_session(image=session.image, user=session.image.uploaded_by)
    assert correct(client, again, add=[NEW_PLANT]).json()["code"] == "not_counted"
    again.delete()
    count_photo(session.image, session.storage_location)
    response = client.patch(f"{url(session)}?count=1", {"version": 1, "add": [NEW_PLANT]})
    assert (response.status_code, response.json()["code"]) == (409, "count_replaced")
    assert client.get(f"{url(session)}?count=3").status_code == 404
    assert client.get(f"{url(session)}?count=x").status_code == 404


def test_a_photo_in_the_trash_shows_and_takes_nothing(client: APIClient, session: ProcessingSession) -> None:
    session.image.deleted_at = session.image.uploaded_at
    session.image.save()
    assert client.get(url(session)).status_code == 404
    assert correct(client, session, add=[NEW_PLANT]).status_code == 404


def test_containers_and_estimations_are_parallel_arrays(
    client: APIClient, session: ProcessingSession
) -> None:
    container = session.containers.get().pk
    correct(
        client,
        session,
        retype=[{"container_id": container, "type": "box"}],
        hand_counts=[{"container_id": container, "living": 7, "dead": 1}],
    )
    found = client.get(url(session, "containers")).json()
    assert (found["id"], found["type"], found["detected"], found["estimated"]) == (
        [container],
        ["box"],
        [8],
        [0],
    )
    assert found["polygon"][0][0] == [2.0, 2.0]
    bands = client.get(url(session, "estimations")).json()
    assert bands["container_type"] == ["segment"]
    assert bands["calculation_method"] == ["band_based"]
    assert bands["vegetation_polygon"] == [[[[3, 3], [9, 3], [9, 9]]]]
    assert {len(column) for name, column in bands.items() if name != "session_id"} == {1}


def test_validating_books_the_difference_and_twice_writes_nothing(
    bearer: Bearer, client: APIClient, session: ProcessingSession, supervisor: User
) -> None:
    correct(client, session, add=[NEW_PLANT])
    boss = bearer(supervisor)
    response = boss.post(url(session, "validate"), {"note": "counted with Ana", "version": 2})
    answer = response.json()

    assert response.status_code == 200
    assert (answer["validated"], answer["validated_by"]) == (True, supervisor.name)
    assert answer["manual_adjustments"]["note"] == "counted with Ana"
    assert answer["manual_adjustments"]["corrections"]["operations"] == {"add": 1}
    assert (answer["booking_state"], answer["booked_quantity"], held()) == ("booked", 4, 4)
    assert len(answer["movement_ids"]) == 2
    movements = StockMovement.objects.count()
    assert boss.post(url(session, "validate"), {}).json()["movement_ids"] == answer["movement_ids"]
    assert StockMovement.objects.count() == movements


def test_adjustments_are_a_count_by_hand(
    bearer: Bearer, session: ProcessingSession, supervisor: User
) -> None:
    answer = (
        bearer(supervisor).post(url(session, "validate"), {"adjustments": {"living": 20, "dead": 2}}).json()
    )
    assert answer["manual_adjustments"]["corrections"]["person"] == {
        "detected": 22, "estimated": 0, "dead": 2, "empty": 1,
    }  # fmt: skip
    assert held() == 20


def test_the_classes_of_a_corrected_count_add_up_to_its_totals(
    bearer: Bearer, client: APIClient, session: ProcessingSession, supervisor: User
) -> None:
    ProcessingSession.objects.update(category_counts={"plant": 3, "dead": 1, "empty": 1, "flower": 2})
    photo_url = f"/api/v1/photos/{session.image_id}"
    classes = client.get(photo_url).json()["processing_session"]["category_counts"]
    assert classes == {"plant": 3, "dead": 1, "empty": 1, "flower": 2}

    bearer(supervisor).post(url(session, "validate"), {"adjustments": {"living": 20, "dead": 2, "empty": 4}})

    shown = client.get(photo_url).json()["processing_session"]
    assert (shown["total"], shown["total_empty_containers"]) == (22, 4)
    assert shown["category_counts"] == {"plant": 20, "dead": 2, "empty": 4}


@pytest.mark.parametrize(
    ("adjustments", "field"),
    [
        pytest.param({"dead": 12}, "living", id="dead alone"),
        pytest.param({"empty": 3}, "living", id="empty alone"),
        pytest.param({"dead": 1, "containers": []}, "living", id="dead beside containers"),
        pytest.param({"total": 80}, "non_field_errors", id="a name that nobody knows"),
    ],
)
def test_adjustments_of_which_nothing_would_be_booked_are_refused(
    bearer: Bearer, session: ProcessingSession, supervisor: User, adjustments: dict[str, Any], field: str
) -> None:
    response = bearer(supervisor).post(url(session, "validate"), {"adjustments": adjustments})
    assert response.status_code == 400
    assert list(response.json()["detail"]["adjustments"]) == [field]
    session.refresh_from_db()
    assert not session.validated


@pytest.mark.parametrize("adjustments", [None, {}, {"containers": []}, {"empty": None}])
def test_a_validation_may_say_that_there_is_nothing_to_adjust(
    bearer: Bearer, session: ProcessingSession, supervisor: User, adjustments: dict[str, Any] | None
) -> None:
    response = bearer(supervisor).post(url(session, "validate"), {"adjustments": adjustments})
    assert response.status_code == 200
    session.refresh_from_db()
    assert session.validated
    assert not session.is_corrected


def test_who_may_validate_and_what_is_refused(
    bearer: Bearer, client: APIClient, session: ProcessingSession, supervisor: User
) -> None:
    boss = bearer(supervisor)
    assert client.post(url(session, "validate"), {}).status_code == 403
    assert APIClient().post(url(session, "validate"), {}).status_code == 401
    assert boss.post(f"/api/v1/sessions/{uuid.uuid4()}/validate", {}).status_code == 404
    assert boss.post(url(session, "validate"), {"adjustments": {"living": -1}}).status_code == 400
    correct(client, session, add=[NEW_PLANT])
    old = boss.post(url(session, "validate"), {"version": 1})
    assert (old.status_code, old.json()["code"]) == (409, "version_conflict")
    count_photo(session.image, session.storage_location)
    replaced = boss.post(url(session, "validate"), {})
    assert (replaced.status_code, replaced.json()["code"]) == (409, "count_replaced")
    session.refresh_from_db()
    assert not session.validated


def test_an_export_holds_the_count_as_it_is_corrected(client: APIClient, session: ProcessingSession) -> None:
    correct(client, session, add=[NEW_PLANT])
    sheet = client.get(url(session, "export"), {"format": "csv"})
    assert sheet["Content-Type"] == "text/csv; charset=utf-8"
    assert sheet["Content-Disposition"] == f'attachment; filename="count_{session.uuid}.csv"'
    lines = list(csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert [(line["class_name"], line["added_by_person"]) for line in lines] == [
        ("plant", "true"), ("plant", "false"), ("dead", "false"), ("empty", "false"),
    ]  # fmt: skip
    assert {line["container_type"] for line in lines} == {"segment"}

    whole = client.get(url(session, "export")).json()
    assert whole["model_sums"]["detected"] == 2
    assert whole["sums"]["detected"] == 3
    shapes = json.loads(client.get(url(session, "export"), {"format": "geojson"}).content)
    kinds = [feature["properties"]["kind"] for feature in shapes["features"]]
    assert kinds == ["container", "estimated_area", *["detection"] * 4]
    rings = [ring for feature in shapes["features"] for ring in feature["geometry"]["coordinates"]]
    assert len(rings) == 6
    assert [ring for ring in rings if ring[0] != ring[-1]] == []
    assert client.get(url(session, "export"), {"format": "xlsx"}).json()["code"] == "invalid"
