"""The gallery, one photo and the trash over HTTP."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from demeter.accounts.models import User
from inventory.models import StockBatch, StorageLocation
from photos import storage
from photos.filters import filter_photos
from photos.models import Image
from tests.conftest import Bearer
from tests.photos.count_builders import count_photo, store_photo
from tests.photos.factories import picture_bytes

GALLERY = "/api/v1/photos/gallery"


def names(answer: Any) -> set[str]:
    assert answer.status_code == 200
    ids = [photo["image_id"] for photo in answer.json()["photos"]]
    return set(Image.objects.filter(pk__in=ids).values_list("original_filename", flat=True))


def photo_named(owner: User, name: str, **fields: Any) -> Image:
    image = store_photo(owner)
    Image.objects.filter(pk=image.pk).update(original_filename=name, **fields)
    image.refresh_from_db()
    return image


@pytest.fixture
def counted(worker: User, place: StorageLocation) -> Image:
    """One living and one dead plant and one empty cell seen, two estimated; three are booked."""
    image = photo_named(worker, "counted.jpg")
    count_photo(image, place)
    image.refresh_from_db()
    return image


def test_a_card_says_what_the_contract_names(
    client: APIClient, counted: Image, place: StorageLocation
) -> None:
    answer = client.get(GALLERY).json()
    assert answer["pagination"] == {"page": 1, "per_page": 50, "total_pages": 1, "total_items": 1}
    (card,) = answer["photos"]
    for name in ("original_url", "thumbnail_url"):
        assert card.pop(name).startswith("http://testserver/")
    session = counted.sessions.get()
    assert card == {
        "image_id": str(counted.pk),
        "annotated_thumbnail_url": None,
        "status": "ready",
        "uploaded_at": timezone.localtime(counted.uploaded_at).isoformat(),
        "warehouse_name": place.storage_area.warehouse.name,
        "warnings": session.warnings,
        "processing_session": {
            "session_id": str(session.uuid),
            "total_detected": 2,
            "total_estimated": 2,
            "total": 4,
            "storage_location_id": place.pk,
            "storage_location_name": place.name,
        },
    }


def test_the_gallery_costs_the_same_queries_however_many_photos_there_are(
    client: APIClient, worker: User, place: StorageLocation, counted: Image
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(GALLERY).status_code == 200
        return len(asked)

    first = queries()
    for number in range(3):
        count_photo(photo_named(worker, f"{number}.jpg"), place)
    assert queries() == first
    assert first <= 5


def test_workers_see_their_own_photos_supervisors_all(
    bearer: Bearer, worker: User, other_worker: User, supervisor: User, stranger: User
) -> None:
    photo_named(worker, "mine.jpg")
    photo_named(other_worker, "other.jpg")
    assert names(bearer(worker).get(GALLERY)) == {"mine.jpg"}
    assert names(bearer(supervisor).get(GALLERY)) == {"mine.jpg", "other.jpg"}
    assert bearer(stranger).get(GALLERY).status_code == 403
    assert APIClient().get(GALLERY).status_code == 401


@pytest.fixture
def several(worker: User, counted: Image) -> None:
    """Counted, waiting for its place, broken, in the trash, and a year old."""
    count_photo(photo_named(worker, "waits.jpg"), None)
    broken = {"status": "failed", "error_details": "unreadable_image: broken"}
    photo_named(worker, "broken.jpg", **broken)
    photo_named(worker, "trashed.jpg", deleted_at=timezone.now())
    photo_named(worker, "old.jpg", uploaded_at=timezone.now() - timedelta(days=365))


TODAY, BEFORE = "{today}", "{before}"


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"counted.jpg", "waits.jpg", "broken.jpg", "old.jpg"}),
        ("status=all", {"counted.jpg", "waits.jpg", "broken.jpg", "old.jpg"}),
        ("status=success", {"counted.jpg"}),
        ("status=errors", {"waits.jpg", "broken.jpg"}),
        ("status=trash", {"trashed.jpg"}),
        ("status=needs_location", {"waits.jpg"}),
        ("search=COUNT", {"counted.jpg"}),
        ("date_from={today}", {"counted.jpg", "waits.jpg", "broken.jpg"}),
        ("date_to={today}", {"counted.jpg", "waits.jpg", "broken.jpg", "old.jpg"}),
        ("date_to={before}", {"old.jpg"}),
        ("location_id={place}", {"counted.jpg"}),
        ("warehouse_id={warehouse},999", {"counted.jpg"}),
        ("warehouse_id=999", set()),
    ],
)
def test_filters(client: APIClient, place: StorageLocation, query: str, expected: set[str]) -> None:
    today = timezone.localdate()
    known = {
        "today": today, "before": today - timedelta(days=1), "place": place.pk,
        "warehouse": place.storage_area.warehouse_id,
    }  # fmt: skip
    assert names(client.get(f"{GALLERY}?{query.format(**known)}")) == expected


@pytest.mark.parametrize(
    "query",
    [
        "status=nonsense",
        "date_from=31/12/2026",
        "date_to=9999-12-31",
        "warehouse_id=x",
        "location_id=x",
        "location_id=1.5",
        "warehouse_id=1,99999999999999999999",
        "uploaded_by=99999999999999999999",
        "location_id=-1",
        "ordering=sha256",
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_by_its_name(client: APIClient, query: str) -> None:
    answer = client.get(f"{GALLERY}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert set(answer.json()["detail"]) == {query.partition("=")[0]}


def test_pages_newest_first(client: APIClient, worker: User) -> None:
    for number in range(5):
        photo_named(worker, f"{number}.jpg", uploaded_at=timezone.now() - timedelta(minutes=number))
    answer = client.get(f"{GALLERY}?page=2&per_page=2")
    assert names(answer) == {"2.jpg", "3.jpg"}
    assert answer.json()["pagination"] == {"page": 2, "per_page": 2, "total_pages": 3, "total_items": 5}
    assert client.get(f"{GALLERY}?page=9").status_code == 404


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ("", "cba"),
        ("-uploaded_at", "cba"),
        ("uploaded_at", "abc"),
        ("taken_at", "bca"),
        ("-taken_at", "acb"),
        ("original_filename", "abc"),
        ("-original_filename", "cba"),
    ],
)
def test_photos_come_in_the_order_asked_for(
    client: APIClient, worker: User, ordering: str, expected: str
) -> None:
    now = timezone.now()
    for name, uploaded, taken in (("a", 1, 3), ("b", 2, 1), ("c", 3, 2)):
        times = {"uploaded_at": now + timedelta(hours=uploaded), "taken_at": now + timedelta(hours=taken)}
        photo_named(worker, name, **times)
    files = dict(Image.objects.values_list("pk", "original_filename"))

    pages = [
        client.get(GALLERY, {"ordering": ordering, "per_page": 2, "page": page}).json()["photos"]
        for page in (1, 2)
    ]

    assert "".join(files[uuid.UUID(photo["image_id"])] for page in pages for photo in page) == expected


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads an empty table without any index")
@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(
    ("field", "index"),
    [
        ("uploaded_at", "s3_images_"),
        ("taken_at", "s3_images_gallery_taken"),
        ("original_filename", "s3_images_gallery_named"),
    ],
)
def test_each_order_of_photos_is_read_from_an_index(field: str, index: str, sign: str) -> None:
    photos = filter_photos(Image.objects.in_inventory(), {"ordering": f"{sign}{field}"})
    plan = photos[:50].explain()
    assert index in plan
    assert "TEMP B-TREE" not in plan, "they are sorted"


def test_a_photo_says_what_the_contract_names(
    client: APIClient, counted: Image, place: StorageLocation
) -> None:
    Image.objects.filter(pk=counted.pk).update(
        exif={"camera_make": "Apple", "orientation": 1},
        gps_coordinates={"lat": -34.5, "lon": -58.4, "altitude": None, "accuracy": 4.0},
    )
    answer = client.get(f"/api/v1/photos/{counted.pk}")
    assert answer.status_code == 200
    photo = answer.json()
    session = counted.sessions.get()
    assert photo["metadata"]["exif"] == {
        "camera_make": "Apple",
        "camera_model": None,
        "datetime_original": None,
        "gps_latitude": -34.5,
        "gps_longitude": -58.4,
    }
    assert photo["metadata"]["sha256"] == counted.sha256
    assert (photo["status"], photo["error_details"]) == ("ready", None)
    counts = photo["processing_session"]
    assert (counts["total_detected"], counts["total_estimated"], counts["total"]) == (2, 2, 4)
    assert (counts["status"], counts["validated"], counts["validated_by"]) == ("completed", False, None)
    assert counts["storage_location_name"] == place.name
    (event,) = photo["storage_location_history"]
    assert (event["event"], event["total_plants"], event["session_id"]) == ("counted", 3, str(session.uuid))


def test_an_original_that_browsers_do_not_show_has_a_preview(client: APIClient, counted: Image) -> None:
    address = f"/api/v1/photos/{counted.pk}"
    assert client.get(address).json()["preview_url"] is None
    content, key = picture_bytes(7), f"previews/{counted.pk}.jpg"
    storage.StorageService().upload_file(content, key)
    Image.objects.filter(pk=counted.pk).update(content_type="image/heic", preview_key=key)

    preview = client.get(address).json()["preview_url"]

    assert b"".join(client.get(preview).streaming_content) == content


def test_another_workers_photo_and_one_in_the_trash_are_not_found(
    client: APIClient, worker: User, other_worker: User
) -> None:
    other = photo_named(other_worker, "other.jpg")
    trashed = photo_named(worker, "trashed.jpg", deleted_at=timezone.now())
    for image in (other, trashed):
        assert client.get(f"/api/v1/photos/{image.pk}").status_code == 404
    assert client.get(f"/api/v1/photos/{uuid.uuid4()}").status_code == 404


def test_a_viewer_finds_nothing_that_is_in_the_trash(bearer: Bearer, viewer: User, worker: User) -> None:
    photo_named(worker, "trashed.jpg", deleted_at=timezone.now())
    answer = bearer(viewer).get("/api/v1/photos/gallery", {"status": "trash"})
    assert answer.json()["photos"] == []


def held() -> int:
    return sum(StockBatch.objects.values_list("quantity_current", flat=True))


def test_deleted_photos_go_into_the_trash_with_what_they_booked_and_come_back(
    client: APIClient, counted: Image, place: StorageLocation
) -> None:
    ids = [str(counted.pk)]
    assert held() == 3

    answer = client.post("/api/v1/photos/batch-delete", {"image_ids": ids})
    assert (answer.status_code, answer.json()) == (200, {"deleted_count": 1, "deleted_image_ids": ids})
    assert held() == 0
    assert client.post("/api/v1/photos/batch-delete", {"image_ids": ids}).json()["deleted_count"] == 0

    answer = client.post("/api/v1/photos/batch-restore", {"image_ids": ids})
    assert answer.json() == {"restored_count": 1, "restored_image_ids": ids}
    assert held() == 3


def test_if_one_photo_may_not_be_deleted_none_is(
    bearer: Bearer, worker: User, other_worker: User, viewer: User, counted: Image
) -> None:
    other = photo_named(other_worker, "other.jpg")
    both = {"image_ids": [str(counted.pk), str(other.pk)]}

    answer = bearer(worker).post("/api/v1/photos/batch-delete", both)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_photos")
    assert answer.json()["detail"] == {"image_ids": [str(other.pk)]}
    assert bearer(viewer).post("/api/v1/photos/batch-delete", both).status_code == 403
    assert not Image.objects.filter(deleted_at__isnull=False).exists()

    too_many = {"image_ids": [str(uuid.uuid4()) for _number in range(501)]}
    assert bearer(worker).post("/api/v1/photos/batch-delete", too_many).status_code == 400
