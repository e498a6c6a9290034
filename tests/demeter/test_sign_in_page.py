"""The sign-in page: one form, one count of failures with the API."""

import pytest

from tests.conftest import PASSWORD


def test_signing_in_leads_to_the_page_that_was_asked_for(client, worker):
    response = client.post(
        "/sign-in/", {"username": worker.email.upper(), "password": PASSWORD, "next": "/photos/"}
    )

    assert response.url == "/photos/"
    assert client.get("/photos/").status_code == 200


def test_another_site_is_not_gone_on_to(client, worker):
    response = client.post(
        "/sign-in/", {"username": worker.email, "password": PASSWORD, "next": "https://elsewhere.example/"}
    )

    assert response.url == "/"


@pytest.mark.parametrize("email", ["nobody@nursery.example", "ml@demeter.invalid"])
def test_unknown_and_system_users_read_the_same_sentence_as_a_wrong_password(client, worker, email):
    headers = {"accept-language": "en"}
    wrong = client.post("/sign-in/", {"username": worker.email, "password": "wrong"}, headers=headers)
    unknown = client.post("/sign-in/", {"username": email, "password": "wrong"}, headers=headers)

    assert wrong.context["form"].non_field_errors() == ["E-mail or password is wrong."]
    assert unknown.context["form"].non_field_errors() == wrong.context["form"].non_field_errors()


def test_too_many_wrong_passwords_close_the_form_for_a_while(client, worker, settings):
    settings.LOGIN_FAILURES_PER_HOUR = 2
    headers = {"accept-language": "en"}
    for _ in range(2):
        client.post("/sign-in/", {"username": worker.email, "password": "wrong"}, headers=headers)

    response = client.post("/sign-in/", {"username": worker.email, "password": PASSWORD}, headers=headers)

    assert response.status_code == 200
    assert "Too many wrong passwords." in response.text


def test_signing_out_takes_a_post_and_ends_the_session(client, worker):
    client.force_login(worker)

    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").url == "/sign-in/"
    assert client.get("/").url == "/sign-in/?next=/"


def test_whoever_is_signed_in_needs_no_form_and_who_sends_it_signs_in_in_his_place(
    client, worker, other_worker
):
    """As from a page that was opened before: in another tab another person may have signed in since."""
    client.force_login(worker)
    assert client.get("/sign-in/").url == "/"
    assert client.get("/api/v1/auth/me").json()["id"] == worker.pk

    wrong = client.post("/sign-in/", {"username": other_worker.email, "password": "wrong"})
    assert wrong.context["form"].non_field_errors()
    assert client.post("/sign-in/", {"username": other_worker.email, "password": PASSWORD}).url == "/"
    assert client.get("/api/v1/auth/me").json()["id"] == other_worker.pk


@pytest.mark.parametrize(
    ("language", "title"), [("es", "Te damos la bienvenida"), ("en", "Welcome to the nursery")]
)
def test_the_language_can_be_chosen_before_signing_in(client, db, language, title):
    client.post("/language/", {"language": language, "next": "/sign-in/"})

    text = client.get("/sign-in/").text

    assert f'<html lang="{language}">' in text
    assert title in text
