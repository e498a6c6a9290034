"""The page of the classifier on a port of its own: a real process beside the web server."""

import socket
from contextlib import suppress
from pathlib import Path

from demeter.demo.accounts import VIEWER
from tests.support.http import Browser
from tests.support.servers import free_port
from tests.support.waiting import reached
from tests.support.web import head, read_answer, running_web


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(head("GET", "/healthz"))
        return read_answer(connection).status == 200
    return False


def test_the_page_stands_alone_on_its_port_and_shares_the_accounts(tmp_path: Path) -> None:
    port = free_port()
    beside = ("classifier-ui", "--classifier-port", str(port))
    with running_web(tmp_path, {"WEB_PROCESSES": "1"}, beside=beside):
        assert reached(lambda: answers(port), within_s=120)
        browser = Browser("127.0.0.1", port)
        assert browser.get("/").status == 302
        signed_in = browser.sign_in("/sign-in/", VIEWER.email, VIEWER.password)
        assert (signed_in.status, signed_in.headers["Location"]) == (302, "/")

        page = browser.get("/")
        assert page.status == 200
        assert 'enctype="multipart/form-data"' in page.text
        static = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
        assert browser.get(static).status == 200
        assert [browser.get(path).status for path in ("/admin/", "/photos/", "/api/v1/schema/")] == [404] * 3
