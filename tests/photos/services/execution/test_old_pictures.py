"""Thumbnails and drawings that have had their time are deleted, and made again when somebody looks."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from celery import current_app
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image as Picture

from demeter.accounts.models import User
from inventory.models import StorageLocation
from photos import storage, tasks
from photos.choices import StepKind, StepStatus
from photos.decoding.renderings import render
from photos.errors import StoreUnavailable
from photos.models import Image, ProcessingSession, ProcessingStep
from photos.services.execution import image_steps, old_pictures
from photos.services.execution.recovery import find_lost_steps, reopen_missing_pictures
from photos.services.intake.uploads import accept_upload
from tests.conftest import Bearer, SignedIn
from tests.inventory.factories import UserFactory
from tests.photos.factories import exif_bytes, picture_bytes
from tests.photos.services.conftest import Count, MakeImage
from tests.photos.services.execution.test_image_steps import counted_photo, draw, step_of

NOTHING = {"full_pictures": 0, "thumbnails": 0, "drawings": 0}
BOTH = {"full_pictures": 0, "thumbnails": 1, "drawings": 1}

MakeOld = Callable[..., ProcessingSession]


@pytest.fixture
def make_old(make_image: MakeImage, count: Count, place: StorageLocation) -> MakeOld:
    """A photo whose pictures were all made and stored so many days ago."""

    def make(days: float = 100) -> ProcessingSession:
        long_ago = timezone.now() - timedelta(days=days)

        def make_old_image() -> Image:
            image = make_image(hours_ago=24 * days)
            Image.objects.filter(pk=image.pk).update(uploaded_at=long_ago)
            return Image.objects.get(pk=image.pk)

        session = counted_photo(make_old_image, count, place)
        for step in ProcessingStep.objects.filter(image=session.image_id):
            if step.kind in (StepKind.UPLOAD_ORIGINAL, StepKind.UPLOAD_THUMBNAIL, StepKind.UPLOAD_ANNOTATED):
                getattr(tasks, step.kind)(step.pk)
        ProcessingStep.objects.filter(image=session.image_id).update(
            created_at=long_ago, finished_at=long_ago
        )
        return fresh(session)

    return make


@pytest.fixture
def old(make_old: MakeOld) -> ProcessingSession:
    """One of 100 days ago; the place has newer ones."""
    session = make_old()
    make_old(days=1)
    return session


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The messages that reach the broker: name of the task and id of the step."""
    messages: list[tuple[str, int]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args, retry: messages.append((name, args[0])))
    return messages


def fresh(session: ProcessingSession) -> ProcessingSession:
    return ProcessingSession.objects.select_related("image").get(pk=session.pk)


def keys_of(session: ProcessingSession) -> tuple[str, str, str]:
    drawing, day = session.processed_image_id, session.image.uploaded_at
    assert drawing is not None
    return (
        session.image.thumbnail_key,
        storage.annotated_key(drawing, day),
        storage.annotated_thumbnail_key(drawing, day),
    )


def stored(*keys: str) -> list[bool]:
    return [storage.store(storage.DEFAULT).exists(key) for key in keys]


def test_pictures_that_have_had_their_time_are_deleted_and_the_original_stays(old: ProcessingSession) -> None:
    keys = keys_of(old)
    assert stored(*keys) == [True] * 3
    assert tasks.upload_clear_old() == BOTH
    assert stored(*keys) == [False] * 3
    assert stored(old.image.original_key) == [True]
    cleared = fresh(old)
    assert (cleared.image.thumbnail_key, cleared.processed_image_id) == ("", None)
    assert tasks.upload_clear_old() == NOTHING


@pytest.mark.parametrize(
    ("days", "cleared"),
    [
        pytest.param(29, NOTHING, id="young"),
        pytest.param(31, {**NOTHING, "drawings": 1}, id="drawings go first"),
        pytest.param(91, BOTH, id="then thumbnails"),
    ],
)
def test_each_has_its_own_time(make_old: MakeOld, days: float, cleared: dict[str, int]) -> None:
    make_old(days=days)
    make_old(days=1)
    assert tasks.upload_clear_old() == cleared


def test_the_newest_photo_of_a_place_keeps_its_pictures(make_old: MakeOld) -> None:
    newest = make_old()
    assert tasks.upload_clear_old() == NOTHING
    assert stored(*keys_of(fresh(newest))) == [True] * 3


def test_for_ever_is_a_setting(old: ProcessingSession, settings: Any) -> None:
    settings.THUMBNAILS_KEPT_DAYS = settings.ANNOTATED_KEPT_DAYS = 0
    assert tasks.upload_clear_old() == NOTHING


def test_what_is_in_the_trash_goes_too(make_old: MakeOld) -> None:
    session = make_old()
    make_old(days=1)
    Image.objects.filter(pk=session.image_id).update(deleted_at=timezone.now())
    assert tasks.upload_clear_old() == BOTH


def test_a_sweep_that_was_killed_between_the_store_and_the_row_is_repeated(old: ProcessingSession) -> None:
    for key in keys_of(old):
        storage.delete(storage.DEFAULT, key)
    assert tasks.upload_clear_old() == BOTH
    assert fresh(old).processed_image_id is None


def test_a_store_that_is_away_clears_nothing_from_the_rows(
    old: ProcessingSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(alias: str, key: str) -> None:
        raise StoreUnavailable("no answer")

    monkeypatch.setattr(storage, "delete", away)
    assert tasks.upload_clear_old() == {}
    assert fresh(old).image.thumbnail_key


def test_what_is_made_once_more_meanwhile_keeps_its_name_and_is_made_yet_again(
    old: ProcessingSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = storage.delete

    def delete_while_it_is_claimed(alias: str, key: str) -> None:
        delete(alias, key)
        ProcessingStep.objects.filter(image=old.image_id).update(attempt=F("attempt") + 1)

    monkeypatch.setattr(storage, "delete", delete_while_it_is_claimed)
    assert old_pictures.clear_old_pictures() == NOTHING
    assert fresh(old).processed_image_id == old.processed_image_id
    # It may have been the new ones that were deleted.
    waiting = ProcessingStep.objects.filter(image=old.image_id, status=StepStatus.PENDING)
    assert set(waiting.values_list("kind", flat=True)) == {StepKind.DRAW, StepKind.UPLOAD_THUMBNAIL}


def test_a_sweep_clears_so_many_at_most_the_oldest_first(
    make_old: MakeOld, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, younger = make_old(days=200), make_old(days=150)
    make_old(days=1)
    monkeypatch.setattr(old_pictures, "MAX_A_SWEEP", 1)
    assert tasks.upload_clear_old() == BOTH
    assert [bool(fresh(session).image.thumbnail_key) for session in (older, younger)] == [False, True]


# ── made again ───────────────────────────────────────────────────────────────────────────────────────
def test_no_sweep_makes_them_again(old: ProcessingSession) -> None:
    tasks.upload_clear_old()
    assert reopen_missing_pictures() == []
    assert find_lost_steps(lambda name: True) == []


@pytest.fixture
def cleared(old: ProcessingSession) -> ProcessingSession:
    tasks.upload_clear_old()
    return fresh(old)


def test_who_asks_for_a_photo_has_its_pictures_made_again_once(
    cleared: ProcessingSession,
    worker: User,
    bearer: Bearer,
    sent: list[tuple[str, int]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    client, address = bearer(worker), f"/api/v1/photos/{cleared.image_id}"
    wanted = [step_of(cleared, kind) for kind in (StepKind.UPLOAD_THUMBNAIL, StepKind.DRAW)]
    for _time in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.get(address).json()
        assert (answer["thumbnail_url"], answer["annotated_url"]) == (None, None)
        assert sorted(sent) == sorted((step.kind, step.pk) for step in wanted)

    tasks.upload_thumbnail(wanted[0].pk)
    tasks.upload_annotated(draw(cleared, b"drawn again").pk)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.get(address).json()
    assert None not in (
        answer["thumbnail_url"],
        answer["annotated_url"],
        answer["annotated_thumbnail_url"],
    )
    assert len(sent) == 2
    assert tasks.upload_clear_old() == NOTHING  # kept as long as new ones


@pytest.mark.parametrize(
    ("address", "kinds"),
    [
        pytest.param("/api/v1/photos/gallery", {"upload_thumbnail"}, id="the list of the API"),
        pytest.param("/photos/", {"upload_thumbnail"}, id="the gallery, which shows the plain ones"),
    ],
)
def test_a_list_asks_for_all_thumbnails_that_it_lacks_at_once_and_for_no_drawing(
    make_old: MakeOld,
    worker: User,
    signed_in: SignedIn,
    sent: list[tuple[str, int]],
    django_capture_on_commit_callbacks: Any,
    address: str,
    kinds: set[str],
) -> None:
    def read() -> int:
        sent.clear()
        with CaptureQueriesContext(connection) as queries, django_capture_on_commit_callbacks(execute=True):
            assert signed_in(worker).get(address).status_code == 200
        return len(queries)

    make_old(days=1)
    make_old(days=100)
    tasks.upload_clear_old()
    of_one = read()
    assert {name for name, _step in sent} == kinds
    for days in (120, 110, 105):
        make_old(days=days)
    tasks.upload_clear_old()
    assert read() == of_one
    assert len(sent) == 3 * len(kinds)


def test_a_preview_that_is_there_is_not_made_again_with_the_thumbnail(
    cleared: ProcessingSession, worker: User, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.objects.filter(pk=cleared.image_id).update(width_px=4000, preview_key="previews/there.jpg")
    monkeypatch.setattr(image_steps, "render", lambda path, *, with_preview: rendered(path, with_preview))
    rendered_with: list[bool] = []

    def rendered(path: Any, with_preview: bool) -> Any:
        rendered_with.append(with_preview)
        return render(path, with_preview=with_preview)

    bearer(worker).get(f"/api/v1/photos/{cleared.image_id}")
    tasks.upload_thumbnail(step_of(cleared, StepKind.UPLOAD_THUMBNAIL).pk)
    assert rendered_with == [False]
    image = fresh(cleared).image
    assert (bool(image.thumbnail_key), image.preview_key) == (True, "previews/there.jpg")


def test_a_new_photo_whose_thumbnail_is_still_to_come_costs_no_query_for_that(
    make_image: MakeImage, worker: User, bearer: Bearer
) -> None:
    image = make_image()
    with CaptureQueriesContext(connection) as queries:
        bearer(worker).get(f"/api/v1/photos/{image.pk}")
    assert not [query for query in queries if "processing_steps" in query["sql"]]


def test_a_picture_whose_making_has_failed_is_not_asked_for_again(
    cleared: ProcessingSession, worker: User, bearer: Bearer, sent: list[tuple[str, int]]
) -> None:
    ProcessingStep.objects.filter(image=cleared.image_id).update(
        status=StepStatus.FAILED, error_code="unreadable_image"
    )
    bearer(worker).get(f"/api/v1/photos/{cleared.image_id}")
    assert sent == []
    assert not ProcessingStep.objects.filter(image=cleared.image_id, status=StepStatus.PENDING).exists()


# ── made for the first time ──────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("kind", ["HEIF", "WEBP"])
def test_who_looks_closely_at_what_browsers_do_not_show_has_it_made_in_full_size_and_kept_for_a_time(
    worker: User,
    signed_in: SignedIn,
    sent: list[tuple[str, int]],
    django_capture_on_commit_callbacks: Any,
    kind: str,
) -> None:
    def ask() -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return signed_in(worker).get(f"/photos/{image.pk}/full-picture.json").json()

    content = picture_bytes(
        7, size=(2600, 40), kind=kind, exif=exif_bytes(orientation=6, lat=-38.0, lon=-57.0)
    )
    accept_upload(user=worker, files=[SimpleUploadedFile("photo", content)])
    image = Image.objects.get()
    signed_in(worker).get(f"/photos/{image.pk}/")
    assert not image.steps.filter(kind=StepKind.UPLOAD_FULL_PICTURE).exists()  # the preview does for a look

    assert ask() == ask() == {"url": None, "is_broken": False}
    step = image.steps.get(kind=StepKind.UPLOAD_FULL_PICTURE)
    assert sent == [("upload_full_picture", step.pk)]
    tasks.upload_full_picture(step.pk)
    image.refresh_from_db()
    assert image.full_picture_key in ask()["url"]
    made = Picture.open(BytesIO(storage.StorageService().get_file(image.full_picture_key)))
    assert (made.format, made.size) == ("JPEG", (40, 2600))
    assert not made.getexif()

    tasks.upload_original(image.steps.get(kind=StepKind.UPLOAD_ORIGINAL).pk)
    ProcessingStep.objects.filter(pk=step.pk).update(finished_at=timezone.now() - timedelta(days=31))
    assert tasks.upload_clear_old() == {**NOTHING, "full_pictures": 1}
    assert stored(image.full_picture_key) == [False]
    assert ask()["url"] is None
    assert sent[1:] == [("upload_full_picture", step.pk)]
    tasks.upload_full_picture(step.pk)
    assert ask()["url"]


def test_a_full_picture_that_cannot_be_made_is_said_to_be_broken_and_not_asked_for_again(
    make_image: MakeImage, worker: User, signed_in: SignedIn, sent: list[tuple[str, int]]
) -> None:
    image = make_image()
    Image.objects.update(content_type="image/heic", width_px=4000)
    ProcessingStep.objects.create(
        image=image,
        kind=StepKind.UPLOAD_FULL_PICTURE,
        key="full",
        status=StepStatus.FAILED,
        error_code="unreadable_image",
    )
    answer = signed_in(worker).get(f"/photos/{image.pk}/full-picture.json").json()
    assert answer == {"url": None, "is_broken": True}
    assert sent == []


def test_the_full_picture_of_somebody_else_is_not_to_be_found(
    make_image: MakeImage, signed_in: SignedIn
) -> None:
    image = make_image()
    assert signed_in(UserFactory()).get(f"/photos/{image.pk}/full-picture.json").status_code == 404
