"""Text is found as people type it, in every list that can be searched."""

import unicodedata
from typing import Any

import pytest
from django.contrib.admin import site
from django.db import connection
from django.test import Client, RequestFactory

from demeter.accounts.models import User
from demeter.text_search import fold
from inventory.models import StorageLocation
from photos.models import Image
from tests.inventory.factories import StorageLocationFactory
from tests.photos.count_builders import store_photo

NAME = "Cañón del Ñandú.jpg"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", ""),
        ("IMG_1.jpg", "img_1.jpg"),
        ("Cañón", "canon"),
        (unicodedata.normalize("NFD", "ÑANDÚ"), "nandu"),
        ("ﬁn", "fin"),  # a ligature
        ("Йод", "иод"),
    ],
)
def test_a_folded_text_has_letters_only_in_lower_case(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["Cañón", "cañón", "CAÑÓN", "canon", "CANON", "ñandú", "ÑANDÚ", "Ñandu"])
@pytest.mark.parametrize("typed_form", ["NFC", "NFD"])
def test_a_photo_is_found_in_the_gallery(
    client: Client, worker: User, form: str, typed: str, typed_form: str
) -> None:
    store_photo(worker, original_filename=unicodedata.normalize(form, NAME))
    store_photo(worker, original_filename="other.jpg")
    client.force_login(worker)
    cards = client.get("/photos/", {"search": unicodedata.normalize(typed_form, typed)}).context["cards"]
    assert [unicodedata.normalize("NFC", card.image.original_filename) for card in cards] == [NAME]


@pytest.mark.parametrize("typed", ["%", "_", "\\", "a%b", "100%_"])
def test_what_means_something_in_a_pattern_is_searched_as_it_is(worker: User, typed: str) -> None:
    photo = store_photo(worker, original_filename=f"x{typed}y.jpg")
    store_photo(worker, original_filename="xaby.jpg")
    assert list(Image.objects.filter(original_filename__folded_contains=typed)) == [photo]


def test_a_place_is_found_in_the_administration(client: Client, admin: User) -> None:
    place: StorageLocation = StorageLocationFactory(name=unicodedata.normalize("NFD", "Cañón"))
    StorageLocationFactory(name="Rincón")
    client.force_login(admin)
    for typed in ("Cañón", "cañon", "CANON", place.code.lower()):
        found = client.get("/admin/inventory/storagelocation/", {"q": typed}).context["cl"].queryset
        assert list(found) == [place], typed
    answer = client.get(
        "/admin/autocomplete/",
        {
            "term": "CAÑON",
            "app_label": "inventory",
            "model_name": "storagebin",
            "field_name": "storage_location",
        },
    ).json()
    assert [row["id"] for row in answer["results"]] == [str(place.pk)]


def test_a_photo_is_found_in_the_administration_by_its_id_too(client: Client, admin: User) -> None:
    photo = store_photo(admin, original_filename=NAME)
    store_photo(admin)
    client.force_login(admin)
    for typed in ("nandu", str(photo.pk), str(photo.pk)[:8], photo.sha256):
        assert photo in client.get("/admin/photos/image/", {"q": typed}).context["cl"].queryset
    assert client.get("/admin/photos/image/", {"q": "ÑANDÚ"}).context["cl"].result_count == 1


def test_every_search_of_the_administration_folds_its_texts(admin: User) -> None:
    request = RequestFactory().get("/")
    request.user = admin
    plain = []
    for model, page in site._registry.items():
        for path in page.get_search_fields(request):
            field: Any = model
            for name in path.removesuffix("__folded_contains").split("__"):
                field = (field._meta if hasattr(field, "_meta") else field.related_model._meta).get_field(
                    name
                )
            is_text = field.get_internal_type() in ("CharField", "TextField", "EmailField")
            if is_text and not path.endswith("__folded_contains"):
                plain.append(f"{model.__name__}.{path}")
    assert plain == []


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no trigram index")
def test_postgresql_finds_a_photo_by_its_index() -> None:
    found = Image.objects.filter(original_filename__folded_contains="cañon").order_by()
    with connection.cursor() as cursor:  # an empty table is read faster without any index
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        assert "s3_images_folded_filename" in found.explain()
