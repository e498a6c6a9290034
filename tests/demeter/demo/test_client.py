"""The demo's client, where there is nobody to talk to."""

import time
from datetime import timedelta

import pytest
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken

from demeter.demo import client
from demeter.demo.client import ApiClient, ServerRefused
from tests.conftest import PASSWORD
from tests.support.servers import free_port


@pytest.fixture
def nobody() -> ApiClient:
    """A client of a port that nobody listens on."""
    return ApiClient(host="127.0.0.1", port=free_port())


def test_a_server_that_is_not_there_is_not_ready(nobody: ApiClient) -> None:
    assert nobody.is_ready() is False


def test_a_call_to_a_server_that_is_not_there_says_which_and_why(nobody: ApiClient) -> None:
    with pytest.raises(ServerRefused, match=str(nobody.port)) as refusal:
        nobody.get("/healthz")
    assert refusal.value.details["status_code"] is None


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_wrong_password_is_a_refusal_with_the_servers_own_sentence(live_server) -> None:
    api = ApiClient(host=live_server.thread.host, port=live_server.thread.port)
    with pytest.raises(ServerRefused) as refusal:
        api.sign_in("nobody@example.com", "wrong")
    assert refusal.value.details["status_code"] == 401
    assert str(refusal.value) in refusal.value.details["body"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_who_has_signed_in_stays_so_beyond_the_life_of_the_first_token(live_server, worker, monkeypatch):
    api = ApiClient(host=live_server.thread.host, port=live_server.thread.port)
    with monkeypatch.context() as changed:
        changed.setattr(AccessToken, "lifetime", timedelta(seconds=-1))
        api.sign_in(worker.email, PASSWORD)
    with pytest.raises(ServerRefused):
        api.get("/api/v1/auth/me")
    half_its_life_later = time.monotonic() + api_settings.ACCESS_TOKEN_LIFETIME.total_seconds() / 2
    monkeypatch.setattr(client.time, "monotonic", lambda: half_its_life_later)
    assert api.get("/api/v1/auth/me")["email"] == worker.email
