"""What is asked about an upload by its headers alone, before its body is received."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from demeter.accounts.tokens import issue_tokens
from demeter.serving.admission import META_KEY, Admission
from photos.api.uploads import UploadThrottle
from photos.models import UploadSession
from tests.conftest import Bearer, MakeUser
from tests.photos.factories import photo_file

URL = "/api/v1/photos/upload"


def ask(client: Any, admission: Admission, url: str = URL) -> Any:
    """The headers of an upload, as the gateway hands them over."""
    return client.generic(
        "POST", url, b"", content_type="multipart/form-data; boundary=x", **{META_KEY: admission}
    )


def send(client: Any, admission: Admission) -> Any:
    return client.post(URL, {"files": [photo_file(1)]}, format="multipart", **{META_KEY: admission})


def test_who_may_upload_is_admitted_and_nothing_is_done_yet(bearer: Bearer, worker: User) -> None:
    admission = Admission()
    assert ask(bearer(worker), admission).status_code == 200
    assert admission.is_granted
    assert not UploadSession.objects.exists()


@pytest.mark.django_db
def test_who_is_not_signed_in_or_may_not_upload_is_answered_as_with_a_body(
    bearer: Bearer, make_user: MakeUser
) -> None:
    strangers, viewers = Admission(), Admission()
    answer = ask(APIClient(), strangers)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert ask(bearer(make_user(role=Role.VIEWER)), viewers).status_code == 403
    assert [strangers.is_granted, viewers.is_granted] == [False, False]


def test_the_page_needs_its_csrf_token_with_the_body_and_not_before(worker: User) -> None:
    admission = Admission()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(worker)
    assert ask(browser, admission, "/uploads/").status_code == 200
    assert admission.is_granted
    assert ask(browser, admission, "/uploads/").status_code == 403, "the whole request has no token either"


def test_an_upload_is_counted_once(bearer: Bearer, worker: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        UploadThrottle, "THROTTLE_RATES", {"upload": "4/min"}
    )  # one, in each of four processes
    client, admission = bearer(worker), Admission()
    assert ask(client, admission).status_code == 200
    assert send(client, admission).status_code == 202
    assert ask(client, Admission()).status_code == 429, "the second is refused before its body"


def test_a_token_that_was_good_when_the_body_began_is_good_at_its_end(worker: User) -> None:
    token = AccessToken(issue_tokens(worker).access_token)
    token.set_exp(lifetime=-timedelta(seconds=1))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert send(client, Admission(is_granted=True)).status_code == 401
    assert send(client, Admission(is_granted=True, token=token)).status_code == 202


def test_an_account_that_was_closed_meanwhile_is_not_believed(worker: User) -> None:
    admission = Admission(is_granted=True, token=AccessToken(issue_tokens(worker).access_token))
    User.objects.filter(pk=worker.pk).update(is_active=False)
    assert send(APIClient(), admission).status_code == 401
