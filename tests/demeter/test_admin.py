"""The administration as a whole: every page answers, to those whose role opens it."""

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse

from demeter.accounts.errors import InvalidRefreshToken
from demeter.accounts.models import User
from demeter.accounts.tokens import issue_tokens, refresh_tokens
from demeter.admin_navigation import navigation
from tests.conftest import PASSWORD

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


@pytest.mark.parametrize("role", ["viewer", "stranger"])
def test_a_viewer_is_refused_and_not_sent_round_in_circles(request, role):
    client = client_of(request.getfixturevalue(role))

    assert client.get("/admin/", follow=True).status_code == 403


def test_who_is_not_signed_in_comes_to_the_one_sign_in_page_and_back(client, admin):
    response = client.get("/admin/photos/image/", follow=True)
    assert response.redirect_chain[-1][0] == "/sign-in/?next=/admin/photos/image/"

    given = {"username": admin.email, "password": PASSWORD, "next": "/admin/photos/image/"}
    response = client.post(response.redirect_chain[-1][0], given)
    assert response.url == "/admin/photos/image/"


@pytest.mark.parametrize(
    ("role", "refused"),
    [
        ("worker", {"accounts.user", "demeter.workerheartbeat", "mlpipeline.modelversion"}),
        ("supervisor", {"accounts.user", "demeter.workerheartbeat"}),
        ("admin", set()),
    ],
)
def test_lists_open_by_role(request, role, refused):
    client = client_of(request.getfixturevalue(role))
    some = [model for model in MODELS if model._meta.label_lower in {
        "accounts.user", "demeter.workerheartbeat", "mlpipeline.modelversion", "photos.image", "inventory.warehouse",
    }]  # fmt: skip

    answers = {model._meta.label_lower: client.get(page(model, "changelist")).status_code for model in some}

    assert {name for name, status in answers.items() if status == 403} == refused
    assert {name for name, status in answers.items() if status == 200} == set(answers) - refused


def test_the_menu_holds_only_what_the_user_may_view(rf, worker, admin):
    request = rf.get("/")
    request.user = worker
    of_worker = {item["link"] for group in navigation(request) for item in group["items"]}
    request.user = admin
    of_admin = {item["link"] for group in navigation(request) for item in group["items"]}

    assert "/admin/accounts/user/" not in of_worker
    assert "/admin/photos/image/" in of_worker
    assert of_worker < of_admin
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
