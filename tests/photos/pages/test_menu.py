"""The menu of each role."""

import re

import pytest


def menu(page) -> list[str]:
    return re.findall(
        r"<span>([^<]+)</span></a></li>", page.text.split('<ul class="menu">')[1].split("</ul>")[0]
    )


@pytest.mark.parametrize(
    ("role", "entries"),
    [
        ("viewer", ["Home", "Photos", "Places"]),
        ("worker", ["Count", "My uploads", "Photos", "Places"]),
        ("supervisor", ["Inbox", "Photos", "Places", "Stock"]),
        ("admin", ["Inbox", "Photos", "Places", "Stock", "Administration"]),
    ],
)
def test_each_role_finds_its_own_work(signed_in, request, role, entries):
    assert menu(signed_in(request.getfixturevalue(role)).get("/photos/")) == entries


def test_a_viewer_who_is_not_let_in_finds_no_photos(signed_in, stranger):
    assert 'href="/photos/"' not in signed_in(stranger).get("/").text
