"""The page of one's own account: a new password for people of every role."""

import pytest
from django.test import Client

from tests.conftest import PASSWORD, Bearer

NEW = "another-greenhouse-23"


def change(client: Client, current: str = PASSWORD, new: str = NEW, again: str = NEW):
    form = {"current_password": current, "new_password": new, "new_password_again": again}
    return client.post("/account/", form, headers={"accept-language": "en"})


def can_sign_in(email: str, password: str) -> bool:
    return Client().post("/sign-in/", {"username": email, "password": password}).status_code == 302


@pytest.mark.parametrize("role", ["viewer", "worker", "supervisor", "stranger"])
def test_people_of_every_role_change_their_password_and_stay_signed_in(signed_in, request, role):
    user = request.getfixturevalue(role)
    here, elsewhere = signed_in(user), signed_in(user)
    assert 'href="/account/"' in here.get("/").text
    assert change(here).url == "/account/"
    assert "Your password is changed." in here.get("/account/", headers={"accept-language": "en"}).text
    assert elsewhere.get("/account/").status_code == 302
    assert can_sign_in(user.email, NEW)
    assert not can_sign_in(user.email, PASSWORD)


def test_tokens_end_with_the_old_password(signed_in, bearer: Bearer, worker):
    api = bearer(worker)
    assert api.get("/api/v1/auth/me").status_code == 200
    change(signed_in(worker))
    assert api.get("/api/v1/auth/me").status_code == 401


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        pytest.param({"current": "wrong"}, "current_password", "The current password is wrong.", id="wrong"),
        pytest.param({"again": "slip"}, "new_password_again", "The two new passwords differ.", id="a slip"),
        pytest.param({"new": "12345678", "again": "12345678"}, "new_password", "too common", id="weak"),
        pytest.param({"new": "", "again": ""}, "new_password", "required", id="nothing"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_changes_nothing(signed_in, worker, given, field, sentence):
    response = change(signed_in(worker), **given)
    assert response.status_code == 200
    assert sentence in str(response.context["form"].errors[field])
    assert can_sign_in(worker.email, PASSWORD)


def test_guessing_the_current_password_is_bounded(signed_in, worker, settings):
    settings.LOGIN_FAILURES_PER_HOUR = 2
    client = signed_in(worker)
    for _ in range(2):
        change(client, current="wrong")
    assert "Too many wrong passwords." in change(client).text


def test_strangers_are_asked_to_sign_in(client, db):
    assert client.get("/account/").url == "/sign-in/?next=/account/"
