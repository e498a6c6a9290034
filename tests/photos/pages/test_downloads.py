"""What of a photo can be taken along, by whom, and that it says the same as the page."""

import csv
import io
import json
import uuid

import pytest
from pypdf import PdfReader

from photos import storage
from photos.choices import SessionStatus
from photos.errors import StoreUnavailable
from photos.pages.numbers import numbers_of
from photos.services.review.edits import correct
from photos.services.review.trash import trash
from photos.services.review.validation import validate
from photos.storage import StorageService
from tests.photos.factories import picture_bytes


@pytest.fixture
def session(make_photo, count, place):
    """A count of a photo of 48 × 32 px, with an interval; its preview is stored."""
    image = make_photo(
        preview_key="previews/sheet.jpg",
        gps_coordinates={"lat": -33.0414, "lon": -68.7044, "altitude": None, "accuracy": 3.0},
        original_filename="claro <b>7</b> & co.jpg",
    )
    StorageService().upload_file(picture_bytes(7), image.preview_key)
    return count(image, place, interval_low=3, interval_high=1234, interval_reasons=["much_estimated"])


def sheet_of(session):
    return f"/photos/{session.image_id}/counts/{session.attempt}/sheet.pdf"


def text_of(answer) -> str:
    reader = PdfReader(io.BytesIO(answer.content))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def test_the_page_offers_every_file_and_each_is_there(signed_in, worker, session):
    client = signed_in(worker)
    text = client.get(f"/photos/{session.image_id}/").text
    export = f"/api/v1/sessions/{session.uuid}/export"

    for address, kind in (
        (f"{export}?format=csv", "text/csv; charset=utf-8"),
        (f"{export}?format=geojson", "application/geo+json"),
        (sheet_of(session), "application/pdf"),
    ):
        assert f'href="{address}"' in text
        answer = client.get(address)
        assert (answer.status_code, answer["Content-Type"]) == (200, kind)
        assert answer["Content-Disposition"].startswith("attachment; filename=")


def test_the_csv_has_a_line_for_each_mark_of_the_picture(signed_in, worker, session):
    client = signed_in(worker)
    answer = client.get(f"/api/v1/sessions/{session.uuid}/export?format=csv")

    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    assert [(row["class_name"], float(row["center_x"])) for row in rows] == [
        ("plant", 10.0),
        ("dead", 20.0),
        ("empty", 30.0),
    ]


def test_the_geojson_is_in_pixels_and_tells_where_the_phone_was(signed_in, worker, session):
    answer = signed_in(worker).get(f"/api/v1/sessions/{session.uuid}/export?format=geojson")

    shapes = json.loads(answer.content)

    assert shapes["photo"]["gps_coordinates"]["lat"] == -33.0414
    assert (shapes["photo"]["width_px"], shapes["photo"]["height_px"]) == (48, 32)
    boxes = [
        row["geometry"]["coordinates"]
        for row in shapes["features"]
        if row["properties"]["kind"] == "detection"
    ]
    assert boxes[0] == [[[5.0, 7.0], [15.0, 7.0], [15.0, 13.0], [5.0, 13.0], [5.0, 7.0]]]


def test_the_sheet_says_the_numbers_of_the_page(signed_in, worker, session):
    answer = signed_in(worker).get(sheet_of(session))
    text = text_of(answer)

    for line in numbers_of(session):
        assert line.label in text
        assert ("—" if line.value is None else f"{line.value}") in text
    assert "Between 3 and 1,234 90 times in 100. Not more closely, because many plants were estimated" in text
    assert "claro <b>7</b> & co.jpg" in text  # names are no markup
    assert str(session.storage_location.name) in text
    assert str(session.uuid) in text


def test_the_sheet_is_in_the_readers_language(client, worker, session):
    client.force_login(worker)

    answer = client.get(sheet_of(session), headers={"accept-language": "es"})

    assert "Todas las plantas" in text_of(answer)


def test_the_sheet_carries_the_preview_as_it_is_and_each_mark_as_a_vector(signed_in, worker, session):
    [page] = PdfReader(io.BytesIO(signed_in(worker).get(sheet_of(session)).content)).pages
    [picture] = page["/Resources"]["/XObject"].values()

    assert picture.get_object().get_data() == picture_bytes(7)
    drawing = page.get_contents().get_data().decode("latin-1")
    assert drawing.split().count("c") == 3 * 4  # three discs of four curves each


def test_corrections_are_on_the_sheet_once_they_are_validated_as_its_numbers_are(
    signed_in, worker, supervisor, session
):
    def discs() -> int:
        answer = signed_in(worker).get(sheet_of(session))
        [page] = PdfReader(io.BytesIO(answer.content)).pages
        return page.get_contents().get_data().decode("latin-1").split().count("c") // 4

    added = {"center_x": 35, "center_y": 25, "width_px": 10, "height_px": 6, "class_name": "plant"}
    correct(session=session, user=worker, version=1, operations={"add": [added]})
    assert discs() == 3
    session.refresh_from_db()
    validate(session=session, user=supervisor, version=session.version)

    assert discs() == 4


@pytest.mark.parametrize("fault", [StoreUnavailable("away"), FileNotFoundError("gone")])
def test_without_its_picture_the_sheet_has_the_numbers_and_says_so(
    signed_in, worker, session, monkeypatch, fault
):
    def fail(*_args: object) -> bytes:
        raise fault

    monkeypatch.setattr(storage.StorageService, "get_file", fail)

    text = text_of(signed_in(worker).get(sheet_of(session)))

    assert "The picture cannot be put on this sheet; the numbers are complete." in text
    assert "All plants" in text


def test_what_browsers_do_not_show_is_on_the_sheet_by_its_preview_or_not_at_all(
    signed_in, worker, make_photo, count
):
    bare = count(make_photo(content_type="image/heic"))

    answer = signed_in(worker).get(sheet_of(bare))

    assert "The picture cannot be put on this sheet" in text_of(answer)


def test_a_photo_of_somebody_else_gives_no_file_to_a_worker(signed_in, other_worker, viewer, session):
    export = f"/api/v1/sessions/{session.uuid}/export?format=csv"
    for address in (sheet_of(session), export):
        assert signed_in(other_worker).get(address).status_code == 404
        assert signed_in(viewer).get(address).status_code == 200


def test_whoever_is_not_let_in_gets_no_file(client, signed_in, stranger, session):
    assert signed_in(stranger).get(sheet_of(session)).status_code == 403
    assert client.get(sheet_of(session)).status_code == 302


def test_only_finished_counts_have_a_sheet(signed_in, worker, session):
    client = signed_in(worker)
    assert client.get(sheet_of(session).replace("/1/", "/2/")).status_code == 404
    session.status = SessionStatus.FAILED
    session.error_code = "unreadable_image"
    session.save()

    assert client.get(sheet_of(session)).status_code == 404
    assert "sheet.pdf" not in client.get(f"/photos/{session.image_id}/").text


def test_a_photo_in_the_trash_offers_only_its_original(signed_in, worker, session):
    trash(image_ids=[session.image_id], user=worker)
    client = signed_in(worker)

    page = client.get(f"/photos/{session.image_id}/")

    assert page.context["original_url"] in page.text.replace("&amp;", "&")
    assert "sheet.pdf" not in page.text
    assert "export?" not in page.text
    assert client.get(sheet_of(session)).status_code == 404


def test_the_sheet_asks_the_database_as_often_for_many_plants(
    signed_in, worker, session, django_assert_max_num_queries
):
    client = signed_in(worker)

    with django_assert_max_num_queries(12):
        assert client.get(sheet_of(session)).status_code == 200


def test_the_drawing_is_offered_once_it_is_made(signed_in, worker, make_photo, count):
    drawing = uuid.uuid4()
    session = count(make_photo(), processed_image_id=drawing)

    assert str(drawing) in signed_in(worker).get(f"/photos/{session.image_id}/").context["annotated_url"]
