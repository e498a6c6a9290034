"""The first page: for whom it opens, and what it sums up."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from demeter.alerts.changes import record_change
from demeter.beat import BEAT
from demeter.choices import AlertKind
from demeter.health import QUEUES
from demeter.heartbeats import record_heartbeat
from demeter.models import CircuitBreaker
from inventory.choices import MovementType
from inventory.models import StockMovement
from inventory.services.stock import create_batch, record_movement
from photos.choices import BookingState, CountWarning
from photos.models import Image, ProcessingSession, UploadJob, UploadSession
from photos.services.results.session_lifecycle import assign_location, reprocess
from photos.services.review.edits import correct
from photos.services.review.inbox import reasons_for
from photos.services.review.photo_dates import date_photo
from photos.services.review.validation import validate
from photos.services.steps.job_groups import JobGroups
from tests.inventory.factories import (
    ProductFactory,
    ProductStateFactory,
    StorageLocationConfigFactory,
    StorageLocationFactory,
    movement_details,
    stocked_batch,
)


def test_who_is_not_signed_in_is_led_to_the_sign_in_page(client, db):
    response = client.get("/")

    assert response.status_code == 302
    assert response.url == "/sign-in/?next=/"


def test_a_viewer_who_is_not_let_in_reads_what_to_wait_for_and_sees_no_stock(
    signed_in, stranger, make_photo, count, place
):
    count(make_photo(), place)

    page = signed_in(stranger).get("/")

    assert page.status_code == 200
    assert "as soon as an administrator lets you in" in page.text
    assert place.storage_area.warehouse.name not in page.text


@pytest.mark.parametrize(
    ("role", "has_form", "has_button"),
    [
        ("viewer", False, False),
        ("worker", True, False),
        ("supervisor", False, True),
        ("admin", False, True),
    ],
)
def test_workers_count_first_and_those_above_find_the_button(signed_in, request, role, has_form, has_button):
    page = signed_in(request.getfixturevalue(role)).get("/")

    assert ('name="files"' in page.text) is has_form
    assert ('<a class="button" href="/uploads/">' in page.text) is has_button


CARDS = ["waiting-title", "uploads-title", "changes-title", "stock-title", "products-title"]
OF_SUPERVISOR = [*CARDS, "unphotographed-title"]


@pytest.mark.parametrize(
    ("role", "cards"),
    [
        ("viewer", ["waiting-title", "changes-title", "stock-title", "products-title"]),
        ("worker", CARDS),
        ("supervisor", OF_SUPERVISOR),
        ("admin", [*OF_SUPERVISOR, "services-title"]),
    ],
)
def test_each_role_reads_what_concerns_it(signed_in, request, role, cards, make_photo, count, place):
    count(make_photo(), place)
    known = [*OF_SUPERVISOR, "services-title"]

    text = signed_in(request.getfixturevalue(role)).get("/").text

    assert [name for name in known if f'id="{name}"' in text] == cards


def test_the_stock_is_summed_up_by_place(signed_in, worker, make_photo, count, place):
    count(make_photo(), place)

    page = signed_in(worker).get("/")

    [house] = page.context["houses"]
    assert (house.name, house.plants) == (place.storage_area.warehouse.name, 3)  # 4 counted, 1 of them dead
    assert [(bed.name, bed.plants, bed.locations) for bed in house.beds] == [(place.storage_area.name, 3, 1)]
    assert "3 plants in stock today." in page.text


def test_a_bed_that_was_emptied_this_week_stays_listed_with_its_change(signed_in, worker):
    place = StorageLocationFactory()
    batch = create_batch(
        on=timezone.localdate(),
        storage_location=place,
        product=ProductFactory(),
        product_state=ProductStateFactory(),
    )
    for quantity, kind, days in ((500, MovementType.PLANTING, 20), (-500, MovementType.SALE, 1)):
        at = timezone.now() - timedelta(days=days)
        details = movement_details(movement_type=kind, occurred_at=at)
        record_movement(batch=batch, quantity=quantity, **details)

    page = signed_in(worker).get("/")

    [house] = page.context["houses"]
    assert (house.plants, house.change) == (0, -500)
    assert [(bed.name, bed.plants, bed.locations) for bed in house.beds] == [(place.storage_area.name, 0, 0)]


@pytest.mark.parametrize("level", ["location", "area", "warehouse"])
def test_the_stock_of_places_out_of_use_is_counted_nowhere(signed_in, worker, level):
    kept = stocked_batch(30)
    location = stocked_batch(500).storage_location
    area = location.storage_area
    row = {"location": location, "area": area, "warehouse": area.warehouse}[level]
    row.is_active = False
    row.save()
    client = signed_in(worker)

    page = client.get("/")

    assert page.context["plants"] == 30
    assert [row.product for row in page.context["products"]] == [kept.product]
    assert sum(house.change for house in page.context["houses"]) == 30
    assert sum(house.quantity for house in client.get("/places/").context["nursery"].warehouses) == 30


def test_photos_that_wait_are_counted_by_reason(signed_in, supervisor, make_photo, count, place):
    count(make_photo())
    count(make_photo())
    count(make_photo(), place)
    broken = count(make_photo())
    ProcessingSession.objects.filter(pk=broken.pk).update(
        status="failed", error_code="unreadable_image", booking_state=BookingState.OPEN
    )
    Image.objects.filter(pk=broken.image_id).update(error_details="unreadable_image: broken")

    waiting = signed_in(supervisor).get("/").context["waiting"]

    assert [(row.url, row.count) for row in waiting] == [
        ("/inbox/?reason=needs_location", 2),
        ("/inbox/?reason=broken", 1),
    ]


def test_the_numbers_of_a_supervisor_are_those_of_the_inbox(signed_in, supervisor, make_photo, count, place):
    count(make_photo())
    count(make_photo(), place)
    broken = count(make_photo(status="failed", error_details="unreadable_image: broken"))
    ProcessingSession.objects.filter(pk=broken.pk).update(status="failed", error_code="unreadable_image")
    Image.objects.filter(pk=broken.image_id).update(error_details="unreadable_image: broken")
    unlike = count(make_photo(), StorageLocationConfigFactory().storage_location)
    ProcessingSession.objects.filter(pk=unlike.pk).update(warnings=[CountWarning.UNLIKE_LAST_COUNT])
    draft = count(make_photo(), place)
    correct(
        session=draft,
        user=supervisor,
        version=draft.version,
        operations={"hand_counts": [{"container_id": None, "living": 9}]},
    )

    waiting = signed_in(supervisor).get("/").context["waiting"]

    in_inbox = {str(reason.label): reason.count for reason in reasons_for(supervisor)}
    assert {str(row.label): row.count for row in waiting} == in_inbox
    assert len(in_inbox) == 4


def test_a_worker_is_led_to_his_photos_and_reads_the_state_of_his_uploads(
    signed_in, worker, make_photo, count, place
):
    count(make_photo())
    count(make_photo(), place)
    for session in ProcessingSession.objects.all():
        session.jobs.update(status="completed")
    upload = UploadSession.objects.create(user=worker)
    for position, status in enumerate(["processing", "failed"]):
        UploadJob.objects.create(
            upload_session=upload, image=make_photo(upload=upload), filename="a.jpg", position=position, status=status,
            code="unreadable_image",
        )  # fmt: skip
    client = signed_in(worker)

    page = client.get("/")

    assert page.context["jobs"] == JobGroups(waiting=1, failed=1, running=1, done=1)
    assert [row.url for row in page.context["waiting"]] == ["/photos/?status=needs_location"]
    groups = {group.name: len(group.rows) for group in client.get("/jobs/").context["groups"]}
    assert groups == {"waiting": 1, "failed": 1, "running": 1, "done": 1}


def test_the_page_behind_a_reason_lists_as_many_photos_as_it_says(signed_in, worker, make_photo, count):
    count(make_photo())
    make_photo(status="failed", error_details="unreadable_image: broken")
    client = signed_in(worker)

    waiting = client.get("/").context["waiting"]

    assert [(row.url, row.count) for row in waiting] == [
        ("/photos/?status=needs_location", 1),
        ("/photos/?status=broken", 1),
    ]
    assert [len(client.get(row.url).context["cards"]) for row in waiting] == [1, 1]


def test_what_changed_names_place_and_product_and_leads_to_a_photo_that_may_be_seen(
    signed_in, worker, other_worker, make_photo, count, place
):
    session = count(make_photo(), place)

    [shown] = signed_in(worker).get("/").context["changes"]
    [hidden] = signed_in(other_worker).get("/").context["changes"]

    assert (shown.change.location, shown.change.quantity, shown.change.movement_type) == (place, 3, "foto")
    assert (shown.image_id, hidden.image_id) == (session.image_id, None)


def test_places_without_a_photo_for_long_are_listed_with_their_last_one(
    signed_in, supervisor, make_photo, count, place, hours_ago
):
    never = StorageLocationConfigFactory().storage_location
    old = count(make_photo(), StorageLocationConfigFactory().storage_location)
    count(make_photo(), place)
    long_ago = hours_ago(24 * 40)
    Image.objects.filter(pk=old.image_id).update(uploaded_at=long_ago)
    date_photo(image=old.image, taken_at=long_ago)

    context = signed_in(supervisor).get("/").context

    assert context["unphotographed"] == 2
    assert {(row, row.last_photo_at) for row in context["unphotographed_places"]} == {
        (never, None),
        (old.storage_location, long_ago),
    }


@pytest.mark.parametrize(
    ("role", "sees_names"), [("viewer", None), ("worker", False), ("supervisor", False), ("admin", True)]
)
def test_an_interrupted_service_is_told_and_named_to_administrators(signed_in, request, role, sees_names):
    client = signed_in(request.getfixturevalue(role))
    record_heartbeat(worker="nave-pc:1", queues=[*QUEUES, BEAT], started_at=timezone.now())
    assert "Counting is interrupted" not in client.get("/").text
    CircuitBreaker.objects.create(name="store", state="open", faults=5)

    text = client.get("/").text

    assert ("Counting is interrupted" in text) is (sees_names is not None)
    assert ("The store of pictures is left alone since" in text) is bool(sees_names)


def test_an_administrator_reads_which_queue_nobody_serves_and_what_waits_there(
    signed_in, admin, make_photo, count, place
):
    record_heartbeat(worker="nave-pc:1", queues=["gpu_queue"], started_at=timezone.now())
    session = count(make_photo(), place)
    session.steps.create(image=session.image, kind="draw_photo", key="waits")
    record_change(AlertKind.QUEUE_WITHOUT_WORKER, "cpu_queue", is_raised=True, details={"seconds": 300})

    page = signed_in(admin).get("/")

    queues = {
        queue.name: (queue.workers, waiting and waiting.number) for queue, waiting in page.context["queues"]
    }
    assert queues["gpu_queue"][0] == 1
    assert queues["cpu_queue"] == (0, 1)
    assert "No worker serves cpu_queue" in page.text


def test_a_worker_reads_only_of_his_own_photos(signed_in, worker, other_worker, make_photo, count):
    count(make_photo(owner=other_worker))

    page = signed_in(worker).get("/")

    assert page.context["waiting"] == []
    assert page.context["cards"] == []
    assert list(page.context["uploads"]) == []


def test_recent_uploads_tell_how_far_their_files_are(signed_in, worker, make_photo):
    upload = UploadSession.objects.create(user=worker)
    for position, (status, percent) in enumerate([("completed", 100), ("processing", 40)]):
        UploadJob.objects.create(
            upload_session=upload, image=make_photo(upload=upload), filename="a.jpg", position=position, status=status,
            progress_percent=percent,
        )  # fmt: skip
    UploadJob.objects.create(
        upload_session=upload, filename="b.pdf", position=2, status="rejected", code="invalid_file_type"
    )

    [row] = signed_in(worker).get("/").context["uploads"]

    assert (row.accepted, row.completed, row.under_way, row.failed, row.progress) == (2, 1, 1, 1, 70)


@pytest.mark.parametrize(
    ("role", "queries"), [("viewer", 14), ("worker", 19), ("supervisor", 19), ("admin", 20)]
)
def test_the_number_of_queries_is_that_of_the_role_and_does_not_grow(
    signed_in, request, role, queries, make_photo, count, django_assert_num_queries
):
    client = signed_in(request.getfixturevalue(role))
    for _ in range(3):
        count(make_photo(), StorageLocationConfigFactory().storage_location)
        StorageLocationConfigFactory()
    with django_assert_num_queries(queries):
        client.get("/")
    for _ in range(4):
        count(make_photo(), StorageLocationConfigFactory().storage_location)
        StorageLocationConfigFactory()
    with django_assert_num_queries(queries):
        client.get("/")


@pytest.mark.parametrize(
    ("language", "words"),
    [("es", ["Inicio", "Salir"]), ("en", ["Home", "Sign out"])],
    ids=["Spanish", "English"],
)
def test_the_page_speaks_the_language_that_was_chosen(signed_in, worker, language, words):
    client = signed_in(worker)
    client.post("/language/", {"language": language, "next": "/"})

    text = client.get("/").text

    assert f'<html lang="{language}">' in text
    assert [word for word in words if word not in text] == []


def test_an_uploader_is_told_which_photos_somebody_moved_until_the_count_is_validated(
    signed_in, worker, other_worker, supervisor, make_photo, count, place
):
    moved, _kept = count(make_photo(), place), count(make_photo(), place)
    there = StorageLocationConfigFactory().storage_location
    assign_location(session=moved, location=there, user=supervisor)
    client = signed_in(worker)

    page = client.get("/")
    assert "1 of your photos was moved to another place" in page.text
    listed = client.get("/photos/", {"status": "moved"}).context["cards"]
    assert [card.image.pk for card in listed] == [moved.image_id]
    assert f"it was said to show {place}" in client.get(f"/photos/{moved.image_id}/").text
    assert signed_in(other_worker).get("/").context["moved"] == 0

    validate(session=moved, user=supervisor)
    assert client.get("/").context["moved"] == 0


def test_of_several_jobs_of_a_photo_the_newest_tells_how_it_is(signed_in, worker, make_photo, count):
    session = count(make_photo())
    session.jobs.update(status="completed")
    reprocess(image=session.image, user=worker)

    assert signed_in(worker).get("/").context["jobs"] == JobGroups(waiting=0, failed=0, running=1, done=0)


def test_lines_of_one_event_are_one_change_and_those_that_cancel_out_are_none(signed_in, worker):
    batch = stocked_batch(10)

    def record(reference, quantity):
        StockMovement.objects.create(
            batch=batch, movement_type="ajuste", quantity=quantity, is_inbound=quantity > 0, source="manual",
            user=worker, reason="checked", request_id=uuid4(), reference=reference,
        )  # fmt: skip

    summed_up, cancelled = uuid4(), uuid4()
    for reference, quantity in [(summed_up, 2), (summed_up, 3), (cancelled, 4), (cancelled, -4)]:
        record(reference, quantity)

    changes = [shown.change for shown in signed_in(worker).get("/").context["changes"]]

    assert [(change.movement_type, change.quantity) for change in changes] == [
        ("ajuste", 5),
        ("manual_init", 10),
    ]
