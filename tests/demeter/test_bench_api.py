"""The measurement of the API: its data set is a nursery as life makes one, and each answer is measured."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from demeter.api_bench.questions import Measured, Question
from inventory.models import StockBatch, StorageLocation
from inventory.services.place_photos import PlaceLevel, place_photos
from photos.models import Detection, Image, PhotoContainer, ProcessingSession, UploadJob

SMALL = [
    "--photos",
    "120",
    "--with-detections",
    "2",
    "--boxes",
    "3",
    "5",
    "--warehouses",
    "1",
    "--repeat",
    "1",
]


@pytest.fixture
def table(db, monkeypatch):
    monkeypatch.setattr("demeter.api_bench.data_set.LARGE_PHOTO_BOXES", 40)
    monkeypatch.setattr(Measured, "is_within", True)  # a test asks no machine to be fast
    out = StringIO()
    call_command("bench_api", *SMALL, stdout=out)
    return out.getvalue()


def test_the_data_set_is_whole_and_every_address_is_measured(table):
    assert Image.objects.count() == ProcessingSession.objects.count() == UploadJob.objects.count() == 120
    boxes = [
        count.detections.count() for count in ProcessingSession.objects.order_by("-image__uploaded_at")[:3]
    ]
    assert boxes[0] == 40
    assert 3 <= boxes[1] <= 5
    assert boxes[2] == 0
    assert Detection.objects.count() == sum(boxes)
    [copied] = PhotoContainer.objects.filter(detected=boxes[1])
    assert copied.detections.filter(session=copied.session, class_name="plant").count() == boxes[1]
    assert not StockBatch.objects.out_of_balance().exists()
    dates = place_photos().last_taken_at(PlaceLevel.LOCATION)
    assert max(dates.values()) == Image.objects.latest("taken_at").taken_at
    assert set(dates) == set(ProcessingSession.objects.values_list("storage_location", flat=True))
    assert StorageLocation.objects.filter(code__startswith="B1-").count() == 46
    names = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    assert {"gallery", "jobs of an upload of 100", "one photo", "5,000 detections", "map"} <= set(names)
    with pytest.raises(CommandError):  # made-up photos are not mixed with any that are there
        call_command("bench_api", *SMALL, stdout=StringIO())
    assert Image.objects.count() == 120


@pytest.mark.parametrize(
    ("p95_ms", "wire_bytes", "is_within"), [(59, 99, True), (60, 99, False), (59, 100, False)]
)
def test_an_answer_is_within_its_marks_or_not(p95_ms, wire_bytes, is_within):
    asked = Question("detections", "/", within_ms=60, within_bytes=100)
    measured = Measured(
        asked, p50_ms=1, p95_ms=p95_ms, first_ms=1, cpu_ms=1, wire_bytes=wire_bytes, queries=1
    )
    assert measured.is_within is is_within
