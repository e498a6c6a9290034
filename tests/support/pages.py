"""All pages, taken from the URL configuration: no new page is forgotten by what holds for every page.

A page whose address has arguments, or whose question stands in its query, needs a line in ADDRESSES. What answers no
page needs a line in NOT_PAGES. tests/demeter/test_every_page.py fails for what has neither.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from inventory.models import StorageLocation
from mlpipeline.classifier.choices import PredictionStatus
from mlpipeline.classifier.models import Prediction
from mlpipeline.classifier.services.pictures import keep_picture
from photos.models import Image
from tests.conftest import PASSWORD
from tests.inventory.factories import StorageLocationConfigFactory
from tests.photos.count_builders import count_photo, store_photo
from tests.photos.factories import picture_bytes


@dataclass(frozen=True)
class Nursery:
    """What the pages show: at least one of everything."""

    admin: User
    worker: User
    place: StorageLocation
    photo: Image  # counted and booked
    unplaced_photo: Image  # counted, waits for its place
    trashed_photo: Image
    prediction: UUID


@dataclass(frozen=True)
class Address:
    """Where a page is: the arguments of its address, and its query."""

    args: tuple[Any, ...] = ()
    query: str = ""


@dataclass(frozen=True)
class Visit:
    """A page, and who looks at it; nobody is signed in where `role` is None."""

    name: str
    path: str
    role: Role | None = Role.ADMIN
    is_foreign: bool = False  # others have written it: what it looks like is theirs


# Every page with arguments. One line a page, by the name of its address.
ADDRESSES: dict[str, Callable[[Nursery], Address]] = {
    "photo": lambda nursery: Address((nursery.photo.pk,)),
    "photo-correct": lambda nursery: Address((nursery.photo.pk,)),
    "photo-date": lambda nursery: Address((nursery.photo.pk,), "as_uploaded=on"),
    "photo-fix": lambda nursery: Address((nursery.unplaced_photo.pk,)),
    "photo-place": lambda nursery: Address(
        (nursery.unplaced_photo.pk,), f"storage_location_id={nursery.place.pk}"
    ),
    "photo-restore": lambda nursery: Address((nursery.trashed_photo.pk,)),
    "photo-trash": lambda nursery: Address((nursery.photo.pk,)),
    "photo-validate": lambda nursery: Address((nursery.photo.pk,), "count=1"),
    "place": lambda nursery: Address((nursery.place.pk,)),
    "place-labels": lambda nursery: Address(query=f"location={nursery.place.pk}"),
    "place-warehouse": lambda nursery: Address((nursery.place.storage_area.warehouse_id,)),
    "prediction": lambda nursery: Address((nursery.prediction,)),
    "several-photos": lambda nursery: Address(query=f"action=trash&photo={nursery.photo.pk}"),
    "upload-offline": lambda nursery: Address(("es",)),
    "upload-progress": lambda nursery: Address((nursery.photo.upload_session_id,)),
}
# Addresses without a page of their own, and why.
NOT_PAGES = {
    "set_language": "a button",
    "sign-out": "a button",
    "local-file": "a picture",
    "healthz": "for programs",
    "readyz": "for programs",
    "metrics": "for programs",
    "version": "for programs",
    "root-login": "for programs",
    "root-users": "for programs",
    "root-predict": "for programs",
    "root-feedback": "for programs",
    "upload-service-worker": "a script",
    "photo-findings": "data of the photo's page",
    "photo-full-picture": "data of the photo's page",
    "photo-sheet": "a file",
    "photo-count-again": "a button",
    "photo-configuration": "the answer to a form of photo-fix, in the form of photo-place",
    "photo-density": "the answer to a form of photo-fix, in the form of photo-place",
    "photo-hand-count": "a button of the corrector",
    "photo-old-product": "an answer to a question, in the form of photo-place",
    "photo-withdraw": "an answer to a question, in the form of photo-validate",
    "prediction-feedback": "a button",
}
_NOBODY = {"sign-in", "upload-offline"}
# Pages that workers use most, as they see them.
_OF_WORKERS = ("account", "home", "upload", "jobs", "gallery", "photo", "upload-progress")
# The administration's addresses are made from its models: some of each kind.
_OF_ADMINISTRATION = (
    ("admin:index", ""),
    ("admin:photos_image_changelist", ""),
    ("admin:inventory_storagelocation_change", "place"),
)


def page_patterns() -> dict[str, URLPattern]:
    """The addresses of people by name, without those below `admin/` and `api/`; one without a name by its route."""
    return dict(_patterns(get_resolver().url_patterns, ""))


def _patterns(patterns: list[Any], prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if route.startswith(("admin/", "api/")):
            continue
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns, route)
        else:
            yield pattern.name or route, pattern


def unregistered() -> list[str]:
    """Names of addresses with arguments of which nobody has said where a page of theirs is."""
    return [
        name
        for name, pattern in page_patterns().items()
        if pattern.pattern.converters and name not in ADDRESSES and name not in NOT_PAGES
    ]


def visits(nursery: Nursery) -> list[Visit]:
    """Every page of people, as an administrator sees it; some as workers do; some of the administration."""
    found = [_visit(name, nursery) for name in page_patterns() if name not in NOT_PAGES]
    found += [_visit(name, nursery, Role.WORKER) for name in _OF_WORKERS]
    for name, row in _OF_ADMINISTRATION:
        path = reverse(name, args=[getattr(nursery, row).pk] if row else [])
        found.append(Visit(name, path))
    found.append(Visit("api-docs", reverse("api-docs"), is_foreign=True))
    found.append(Visit("not found", "/nothing-here/"))
    return found


def _visit(name: str, nursery: Nursery, role: Role | None = Role.ADMIN) -> Visit:
    address = ADDRESSES.get(name, lambda _nursery: Address())(nursery)
    path = reverse(name, args=address.args) + (f"?{address.query}" if address.query else "")
    return Visit(name, path, None if name in _NOBODY else role)


def build_nursery() -> Nursery:
    """An administrator and a worker with photos in several states."""
    admin, worker = (
        User.objects.create_user(
            email=f"{role}@nursery.example", password=PASSWORD, name=name, role=role, is_approved=True
        )
        for role, name in ((Role.ADMIN, "Nora"), (Role.WORKER, "Rosa"))
    )
    place = StorageLocationConfigFactory().storage_location
    photo = store_photo(worker)
    count_photo(photo, place)
    unplaced = store_photo(worker)
    count_photo(unplaced)
    return Nursery(
        admin=admin,
        worker=worker,
        place=place,
        photo=photo,
        unplaced_photo=unplaced,
        trashed_photo=store_photo(worker, deleted_at=timezone.now()),
        prediction=_prediction(admin),
    )


def _prediction(user: User) -> UUID:
    now = timezone.now()
    picture = keep_picture(SimpleUploadedFile("aloe.jpg", picture_bytes(1)))
    row = Prediction.objects.create(
        user=user,
        picture=picture,
        status=PredictionStatus.ANSWERED,
        label="aloe",
        score=0.9,
        model_name="general",
        expires_at=now + timedelta(minutes=1),
        answered_at=now,
    )
    return row.pk
