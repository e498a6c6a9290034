"""What holds for every page, whatever it shows. The pages come from the URL configuration (tests/support/pages.py)."""

import pytest
from django.test import Client

from demeter.accounts.choices import Role
from tests.support.pages import NOT_PAGES, Nursery, build_nursery, page_patterns, unregistered, visits


@pytest.fixture
def nursery(db: None) -> Nursery:
    return build_nursery()


def test_every_page_with_arguments_is_registered() -> None:
    assert unregistered() == []


def test_what_is_said_to_be_no_page_is_an_address() -> None:
    assert set(NOT_PAGES) - set(page_patterns()) == set()


def test_every_page_answers(nursery: Nursery) -> None:
    answers = {}
    for visit in visits(nursery):
        client = Client(headers={"accept-language": "en"})
        if visit.role is not None:
            client.force_login(nursery.worker if visit.role == Role.WORKER else nursery.admin)
        response = client.get(visit.path)
        kind = response["Content-Type"].partition(";")[0]
        expected = 404 if visit.name == "not found" else 200
        if (response.status_code, kind) != (expected, "text/html"):
            answers[f"{visit.role} {visit.path}"] = (
                response.status_code,
                kind,
                response.headers.get("Location"),
            )
    assert answers == {}
