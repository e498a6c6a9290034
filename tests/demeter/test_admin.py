"""The administration as a whole: every page answers, to those whose role opens it."""

import re

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from demeter.accounts.errors import InvalidRefreshToken
from demeter.accounts.models import User
from demeter.accounts.tokens import issue_tokens, refresh_tokens
from demeter.admin_navigation import navigation
from demeter.admin_texts import SAID_ANEW
from demeter.heartbeats import record_heartbeat
from demeter.models import CircuitBreaker
from photos.models import Image
from tests.conftest import PASSWORD
from tests.inventory.factories import StorageLocationConfigFactory
from tests.photos.count_builders import count_photo, store_photo

OURS = ["accounts", "demeter", "inventory", "mlpipeline", "photos"]
MODELS = [model for app in OURS for model in apps.get_app_config(app).get_models()]
NAMES = [model._meta.label_lower for model in MODELS]


def client_of(user):
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def page(model, action, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{action}", args=args)


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_every_model_is_registered_and_its_list_answers_an_administrator(model, admin):
    client = client_of(admin)

    assert site.is_registered(model)
    assert client.get(page(model, "changelist")).status_code == 200
    assert client.get(page(model, "changelist"), {"q": "nave"}).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_a_page_to_add_answers_where_rows_may_be_added_and_is_refused_elsewhere(model, admin, rf):
    request = rf.get("/")
    request.user = admin
    may_add = site.get_model_admin(model).has_add_permission(request)

    assert client_of(admin).get(page(model, "add")).status_code == (200 if may_add else 403)


# What supervisors have to do with; every other list is for administrators, who open all of them.
OF_SUPERVISORS = {
    "inventory.densityparameter",
    "inventory.manualcount",
    "inventory.packagingcatalog",
    "inventory.product",
    "inventory.stockbatch",
    "inventory.stockmovement",
    "inventory.storagearea",
    "inventory.storagebin",
    "inventory.storagelocation",
    "inventory.storagelocationconfig",
    "inventory.warehouse",
    "mlpipeline.feedback",
    "mlpipeline.productsampleimage",
    "photos.correction",
    "photos.image",
    "photos.placecalibration",
    "photos.processingsession",
    "photos.uploadjob",
    "photos.uploadsession",
}
ADDED_BY_SUPERVISORS = {"mlpipeline.productsampleimage"}
EDITED_BY_SUPERVISORS = {"mlpipeline.feedback", "mlpipeline.productsampleimage"}


@pytest.mark.parametrize("role", ["stranger", "viewer", "worker"])
def test_below_a_supervisor_nobody_has_an_administration_or_is_sent_round_in_circles(request, role):
    client = client_of(request.getfixturevalue(role))

    answers = {
        address: client.get(address, follow=True).status_code
        for address in ["/admin/", *(page(model, "changelist") for model in site._registry)]
    }

    assert set(answers.values()) == {403}


@pytest.mark.parametrize("model", list(site._registry), ids=lambda model: model._meta.label_lower)
def test_a_supervisor_opens_what_he_decides_about_and_nothing_of_the_machine_room(supervisor, rf, model):
    name, client, request = model._meta.label_lower, client_of(supervisor), rf.get("/")
    request.user, own = supervisor, site.get_model_admin(model)

    assert client.get(page(model, "changelist")).status_code == (200 if name in OF_SUPERVISORS else 403)
    assert own.has_view_permission(request) is (name in OF_SUPERVISORS)
    assert own.has_add_permission(request) is (name in ADDED_BY_SUPERVISORS)
    assert own.has_change_permission(request) is (name in EDITED_BY_SUPERVISORS)
    assert client.get(page(model, "add")).status_code == (200 if name in ADDED_BY_SUPERVISORS else 403)


def test_the_table_of_supervisors_names_models_that_there_are():
    assert {model._meta.label_lower for model in site._registry} >= OF_SUPERVISORS


def test_the_index_says_what_waits_and_what_failed_and_to_administrators_how_the_machines_are(
    supervisor, admin, worker
):
    count_photo(store_photo(worker))
    broken = store_photo(worker, status="failed", error_details="unreadable_image: broken")
    store_photo(worker)
    record_heartbeat(worker="nave-pc:1", queues=["gpu_queue"], started_at=timezone.now())
    CircuitBreaker.objects.create(name="store", state="open", faults=5)

    of_supervisor, of_admin = client_of(supervisor).get("/admin/"), client_of(admin).get("/admin/")

    for index in (of_supervisor, of_admin):
        assert 'href="/inbox/?reason=needs_location"' in index.text
        assert page(Image, "change", broken.pk) in index.text
        assert "The picture is damaged and cannot be read." in index.text
        assert len(index.context["failures"]) == 1
    assert "nave-pc:1" not in of_supervisor.text
    assert "nave-pc:1" in of_admin.text
    assert "nobody serves it" in of_admin.text
    assert "store of pictures" in of_admin.text


def test_the_index_asks_as_many_queries_with_many_photos_as_with_few(
    admin, worker, django_assert_max_num_queries
):
    for _ in range(4):
        count_photo(store_photo(worker))
        store_photo(worker, status="failed", error_details="unreadable_image: broken")
    client = client_of(admin)
    with django_assert_max_num_queries(13):
        client.get("/admin/")


def test_a_place_and_its_photos_are_found_by_code_and_nothing_that_the_role_may_not_view(supervisor, worker):
    place = StorageLocationConfigFactory().storage_location
    session = count_photo(store_photo(worker), place)
    client = client_of(supervisor)

    found = client.get("/admin/search/", {"s": place.code.lower(), "extended": "1"}).text
    listed = client.get(page(Image, "changelist"), {"q": place.code}).context["cl"].result_list

    assert page(type(place), "change", place.pk) in found
    assert page(Image, "change", session.image_id) in found
    assert [image.pk for image in listed] == [session.image_id]


def test_who_is_not_signed_in_comes_to_the_one_sign_in_page_and_back(client, admin):
    response = client.get("/admin/photos/image/", follow=True)
    assert response.redirect_chain[-1][0] == "/sign-in/?next=/admin/photos/image/"

    given = {"username": admin.email, "password": PASSWORD, "next": "/admin/photos/image/"}
    response = client.post(response.redirect_chain[-1][0], given)
    assert response.url == "/admin/photos/image/"


def test_the_menu_holds_only_what_the_user_may_view(rf, supervisor, admin):
    request = rf.get("/")
    request.user = supervisor
    of_supervisor = {item["link"] for group in navigation(request) for item in group["items"]}
    request.user = admin
    of_admin = {item["link"] for group in navigation(request) for item in group["items"]}

    assert of_supervisor == {
        page(model, "changelist") for model in MODELS if model._meta.label_lower in OF_SUPERVISORS
    }
    assert {page(model, "changelist") for model in MODELS} - of_admin == set()


def test_an_administrator_makes_an_account_and_never_sees_a_password(admin):
    client = client_of(admin)
    given = {"email": "Nora@Nursery.example", "name": "Nora", "role": "supervisor", "is_approved": "on"}

    response = client.post(
        "/admin/accounts/user/add/", {**given, "password1": "cactus-in-bloom", "password2": "cactus-in-bloom"}
    )

    nora = User.objects.get(email="nora@nursery.example")
    assert response.url == f"/admin/accounts/user/{nora.pk}/change/"
    assert (nora.role, nora.check_password("cactus-in-bloom")) == ("supervisor", True)
    assert nora.password not in client.get(response.url).text
    assert "md5" not in client.get(response.url).text


def test_a_new_password_signs_the_person_out_everywhere(admin, worker):
    tokens = issue_tokens(worker)

    client_of(admin).post(
        f"/admin/accounts/user/{worker.pk}/password/",
        {"password1": "cactus-in-bloom", "password2": "cactus-in-bloom"},
    )

    worker.refresh_from_db()
    assert worker.check_password("cactus-in-bloom")
    with pytest.raises(InvalidRefreshToken):
        refresh_tokens(refresh_token=tokens.refresh_token)


def test_the_last_administrator_cannot_be_demoted_or_switched_off(admin):
    client = client_of(admin)
    address = f"/admin/accounts/user/{admin.pk}/change/"

    demoted = client.post(
        address, {"email": admin.email, "name": admin.name, "role": "worker", "is_active": "on"}
    )
    switched_off = client.post(address, {"email": admin.email, "name": admin.name, "role": "admin"})

    admin.refresh_from_db()
    assert (admin.role, admin.is_active) == ("admin", True)
    assert "This is the last administrator." in demoted.text
    assert "This is the last administrator." in switched_off.text


def test_system_users_are_shown_and_cannot_be_changed(admin):
    ml = User.objects.ml()
    client = client_of(admin)

    assert client.get(f"/admin/accounts/user/{ml.pk}/change/").status_code == 200
    assert (
        client.post(
            f"/admin/accounts/user/{ml.pk}/change/", {"email": "x@y.example", "name": "xx"}
        ).status_code
        == 403
    )
    assert client.get(f"/admin/accounts/user/{ml.pk}/password/").status_code == 403


@pytest.mark.parametrize("text", SAID_ANEW)
def test_no_model_is_taken_for_masculine_in_spanish(text):
    with translation.override("es"):
        said = translation.gettext(text)

    assert said != text
    assert not re.search(
        r"\b(El|el|del|otro|seleccionado/?s?) [{%]|[{%]\S+ seleccionad|\busted\b|\bSeleccione\b", said
    )
