"""A webhook leads to public addresses alone: whatever the name says, whenever it says it, and however it is written."""

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from demeter.alerts import public_http
from demeter.alerts.errors import DeliveryRefused, InnerAddress, NotDelivered, ServerBusy, UnknownHost
from demeter.alerts.public_http import post
from demeter.webhook_url import check_webhook_url
from tests.support.http_sink import HttpSink

Resolve = Callable[..., list[str]]


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Have every name lead to these addresses, one list after the other; what was connected to."""
    connected: list[str] = []

    def put(*answers: list[str]) -> list[str]:
        left = list(answers)

        def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
            found = left.pop(0) if len(left) > 1 else left[0]
            kinds = {4: socket.AF_INET, 6: socket.AF_INET6}
            return [
                (kinds[ipaddress.ip_address(ip).version], socket.SOCK_STREAM, 6, "", (ip, port))
                for ip in found
            ]

        def connect(address: tuple[str, int], timeout: float) -> socket.socket:
            connected.append(address[0])
            raise ConnectionRefusedError

        monkeypatch.setattr(public_http.socket, "getaddrinfo", getaddrinfo)
        monkeypatch.setattr(public_http.socket, "create_connection", connect)
        return connected

    return put


INNER = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - an address that is refused
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", INNER)
def test_an_inner_address_is_never_connected_to(resolve: Resolve, address: str) -> None:
    connected = resolve([address])
    with pytest.raises(InnerAddress):
        post("https://hooks.example/a", b"{}", {})
    assert connected == []


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "64:ff9b::808:808"])
def test_a_public_address_is_connected_to(resolve: Resolve, address: str) -> None:
    connected = resolve([address])
    with pytest.raises(NotDelivered):
        post("https://hooks.example/a", b"{}", {})
    assert connected == [str(ipaddress.ip_address(address))]


def test_a_name_with_one_inner_address_is_refused_whichever_comes_first(resolve: Resolve) -> None:
    connected = resolve(["93.184.216.34", "10.0.0.1"])
    with pytest.raises(InnerAddress):
        post("https://hooks.example/a", b"{}", {})
    assert connected == []


def test_a_name_that_answers_otherwise_a_moment_later_leads_nowhere_else(resolve: Resolve) -> None:
    connected = resolve(["93.184.216.34"], ["127.0.0.1"])
    with pytest.raises(NotDelivered):
        post("https://hooks.example/a", b"{}", {})
    assert connected == ["93.184.216.34"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://[::ffff:7f00:1]/",
        "http://localhost/",
        "https://localhost:1/",
    ],
)
def test_this_machine_is_refused_however_it_is_written(url: str) -> None:
    with pytest.raises((InnerAddress, UnknownHost)):
        post(url, b"{}", {})


def test_without_encryption_a_public_address_is_refused(resolve: Resolve) -> None:
    connected = resolve(["93.184.216.34"])
    with pytest.raises(InnerAddress):
        post("http://hooks.example/a", b"{}", {})
    assert connected == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "gopher://hooks.example/",
        "https://",
        "https://user:word@hooks.example/",
        "https://hooks.example:99999/",
        "https://hooks.example/a b",
        "https://hooks.example/\r\nHost: inner",
        "https://[::1",
    ],
)
def test_what_is_no_address_of_a_webhook_is_not_taken(url: str) -> None:
    with pytest.raises(ValidationError):
        check_webhook_url(url)
    with pytest.raises(DeliveryRefused):
        post(url, b"{}", {})


def test_a_network_that_is_allowed_by_name_is_reached(web: HttpSink, settings: Any) -> None:
    post(web.url, b'{"a": 1}', {"Content-Type": "application/json"})
    [posted] = web.posted
    assert posted.json == {"a": 1}
    assert posted.headers["host"] == f"127.0.0.1:{web.port}"
    settings.ALERT_WEBHOOK_NETWORKS = ["10.0.0.0/8"]
    with pytest.raises(InnerAddress):
        post(web.url, b"{}", {})
    assert len(web.posted) == 1


def test_a_host_without_an_address_is_unknown() -> None:
    with pytest.raises(UnknownHost):
        post("https://nothing.invalid/", b"{}", {})


@pytest.fixture
def trickling(settings: Any) -> Iterator[int]:
    """The port of a server that answers with a byte now and then, for ever."""
    settings.ALERT_WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    listener = socket.create_server(("127.0.0.1", 0))
    is_over = threading.Event()

    def serve() -> None:
        client, _address = listener.accept()
        with client:
            client.recv(65536)
            while not is_over.wait(0.05):
                try:
                    client.sendall(b"H")
                except OSError:
                    return

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    is_over.set()
    listener.close()


def test_a_server_that_trickles_is_given_up(trickling: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_http, "TOTAL_S", 0.5)
    with pytest.raises(NotDelivered):
        post(f"http://127.0.0.1:{trickling}/", b"{}", {})


def test_an_answer_without_an_end_is_not_read(settings: Any) -> None:
    settings.ALERT_WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    listener = socket.create_server(("127.0.0.1", 0))
    is_closed = threading.Event()

    def serve() -> None:
        client, _address = listener.accept()
        with client:
            client.recv(65536)
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            until = time.monotonic() + 60
            while time.monotonic() < until:
                try:
                    client.sendall(b"x" * 65536)
                except OSError:
                    is_closed.set()
                    return

    threading.Thread(target=serve, daemon=True).start()
    post(f"http://127.0.0.1:{listener.getsockname()[1]}/", b"{}", {})
    assert is_closed.wait(60)
    listener.close()


def test_a_busy_server_is_told_from_one_that_refuses(web: HttpSink) -> None:
    for status, kind in ((503, ServerBusy), (400, DeliveryRefused), (307, DeliveryRefused)):
        web.status = status
        with pytest.raises(kind):
            post(web.url, b"{}", {})
    assert len(web.posted) == 3
