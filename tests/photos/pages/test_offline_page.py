"""What opens the upload page without a connection holds all that the page loads, and nothing of a person."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from photos.pages import offline

WORKER = "/uploads/service-worker.js"
LANGUAGES = [code for code, _name in settings.LANGUAGES]


def kept(script: str) -> list[str]:
    found = re.search(r"ASSETS = new Set\((\[.*\])\)", script)
    assert found is not None
    assets: list[str] = json.loads(found[1])
    return assets


@pytest.mark.django_db
def test_the_service_worker_answers_for_the_upload_page_alone_and_is_asked_for_anew(client: Client) -> None:
    answer = client.get(WORKER)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/javascript")
    assert answer["Cache-Control"] == "no-cache"
    assert "Service-Worker-Allowed" not in answer, "its scope is the folder in which it stands"
    assert 'const PAGE = "/uploads/"' in answer.text


def test_it_keeps_everything_that_the_page_loads(signed_in, worker) -> None:
    client = signed_in(worker)
    page = client.get("/uploads/").text
    loaded = set(re.findall(r'(?:src|href|data-hash-worker)="(/static/[^"]+)"', page))
    folder = Path(settings.BASE_DIR) / "static"
    modules = {
        f"/static/{(script.parent / name).resolve().relative_to(folder.resolve())}"
        for script in (folder / "photos/js/upload").glob("*.js")
        for name in re.findall(r'from "(\.[^"]+)"', script.read_text())
    }
    assert modules
    assert set(kept(client.get(WORKER).text)) == loaded | modules


@pytest.mark.django_db
def test_a_change_of_any_file_makes_another_version(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    offline._version.cache_clear()
    before = client.get(WORKER).text
    offline._version.cache_clear()
    assert client.get(WORKER).text == before
    monkeypatch.setattr(Path, "read_bytes", lambda self: b"changed")
    offline._version.cache_clear()
    assert client.get(WORKER).text != before
    monkeypatch.undo()
    offline._version.cache_clear()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_that_opens_offline_is_the_same_for_everybody(signed_in, worker, language: str) -> None:
    address = f"/uploads/offline/{language}/"
    mine, anybodys = signed_in(worker).get(address), Client().get(address)
    assert mine.text == anybodys.text
    assert worker.name not in mine.text
    assert "csrfmiddlewaretoken" not in mine.text
    assert 'data-user=""' in mine.text
    assert f'lang="{language}"' in mine.text


@pytest.mark.django_db
def test_there_is_no_page_in_a_language_that_we_do_not_speak(client: Client) -> None:
    assert client.get("/uploads/offline/xx/").status_code == 404


@pytest.mark.django_db
def test_the_address_of_the_form_leads_to_sign_in_and_then_to_the_page(client: Client, worker) -> None:
    answer = client.get("/uploads/")
    assert answer.url == "/sign-in/?next=/uploads/"
    client.force_login(worker)
    assert client.get("/uploads/").status_code == 200
