"""What every answer tells a browser to refuse."""

from typing import Any

import pytest
from django.test import Client

from demeter.accounts.models import User
from tests.support.pages import build_nursery, visits


def policy(response: Any) -> dict[str, list[str]]:
    """The Content-Security-Policy of an answer: sources by directive."""
    parts = (part.split() for part in response["Content-Security-Policy"].split("; "))
    return {name: sources for name, *sources in parts}


@pytest.fixture
def s3(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures in a bucket that browsers reach at another address than this machine does."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    bucket = {
        "BACKEND": "photos.s3_storage.PictureS3Storage",
        "OPTIONS": {
            "bucket_name": "demeter",
            "endpoint_url": "http://minio:9000",
            "public_endpoint_url": "https://nursery.example.org:9443",
            "region_name": "us-east-1",
            "addressing_style": "path",
        },
    }
    settings.STORAGES = {**settings.STORAGES, "default": bucket, "processed": bucket}


def test_every_page_of_ours_runs_nothing_but_our_own_files(db: None) -> None:
    nursery = build_nursery()
    client = Client()
    client.force_login(nursery.admin)
    for visit in visits(nursery):
        response = client.get(visit.path)
        found = policy(response)
        assert found["default-src"] == ["'none'"], visit.path
        assert {"base-uri", "form-action", "frame-ancestors"} <= set(found), visit.path
        is_ours = not visit.path.startswith(("/admin/", "/api/"))
        assert found["script-src"] == ["'self'"] + ([] if is_ours or visit.is_foreign else ["'unsafe-eval'"])
        assert found["style-src"] == ["'self'"] + ([] if is_ours else ["'unsafe-inline'"])
        assert "camera=(self)" in response["Permissions-Policy"]
        assert response["Referrer-Policy"] == response["Cross-Origin-Opener-Policy"] == "same-origin"
        assert (response["X-Content-Type-Options"], response["X-Frame-Options"]) == ("nosniff", "DENY")


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/nothing-here"])
def test_an_answer_that_is_no_page_may_load_nothing(client: Client, db: None, path: str) -> None:
    response = client.get(path)
    assert policy(response) == {"default-src": ["'none'"], "frame-ancestors": ["'none'"]}
    assert "Permissions-Policy" not in response


def test_a_service_worker_may_ask_for_what_it_keeps(client: Client, db: None) -> None:
    assert policy(client.get("/uploads/service-worker.js"))["connect-src"] == ["'self'"]


def test_pages_load_pictures_from_the_store_that_links_lead_to(
    s3: None, client: Client, worker: User
) -> None:
    client.force_login(worker)
    found = policy(client.get("/photos/"))
    assert found["img-src"] == ["'self'", "blob:", "data:", "https://nursery.example.org:9443"]
    assert found["connect-src"] == ["'self'", "https://nursery.example.org:9443"]
    assert "https://nursery.example.org:9443" not in found["script-src"]


def test_browsers_are_told_to_stay_with_https(settings: Any, client: Client) -> None:
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 600
    response = client.get("/sign-in/", secure=True)
    assert response["Strict-Transport-Security"] == "max-age=600"


def test_a_page_that_needs_no_picture_answers_while_links_cannot_be_signed(
    client: Client, s3: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    response = client.get("/sign-in/")
    assert response.status_code == 200
    assert policy(response)["img-src"] == ["'self'", "blob:", "data:"]
