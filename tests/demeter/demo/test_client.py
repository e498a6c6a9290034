"""The demo's client, where there is nobody to talk to."""

import pytest

from demeter.demo.client import ApiClient, ServerRefused
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


@pytest.mark.django_db
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_wrong_password_is_a_refusal_with_the_servers_own_sentence(live_server) -> None:
    client = ApiClient(host=live_server.thread.host, port=live_server.thread.port)
    with pytest.raises(ServerRefused) as refusal:
        client.sign_in("nobody@example.com", "wrong")
    assert refusal.value.details["status_code"] == 401
    assert str(refusal.value) in refusal.value.details["body"]
