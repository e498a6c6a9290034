"""The one form of an error."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.handlers.exception import convert_exception_to_response
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import translation
from rest_framework import exceptions

from demeter.api_errors import csrf_failure, error_response, refusal_page, server_error, to_error_response
from demeter.errors import DemeterError


class Busy(DemeterError):
    code, status = "busy", 503


@pytest.mark.parametrize(
    ("error", "status", "code", "detail"),
    [
        pytest.param(Busy("Later.", retry_after_s=5), 503, "busy", {"retry_after_s": 5}, id="refusal"),
        pytest.param(Http404(), 404, "not_found", {}, id="Django's 404"),
        pytest.param(exceptions.NotFound(), 404, "not_found", {}, id="REST framework's 404"),
        pytest.param(PermissionDenied(), 403, "permission_denied", {}, id="403"),
        pytest.param(exceptions.NotAuthenticated(), 401, "not_authenticated", {}, id="401"),
        pytest.param(exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed", {}, id="405"),
        pytest.param(
            exceptions.UnsupportedMediaType("text/plain"), 415, "unsupported_media_type", {}, id="415"
        ),
        pytest.param(exceptions.Throttled(wait=2.5), 429, "throttled", {}, id="429"),
        pytest.param(exceptions.ParseError(), 400, "parse_error", {}, id="broken JSON"),
        pytest.param(
            exceptions.ValidationError({"name": ["Too short."]}),
            400,
            "invalid",
            {"name": ["Too short."]},
            id="field",
        ),
        pytest.param(
            exceptions.ValidationError("No."),
            400,
            "invalid",
            {"non_field_errors": ["No."]},
            id="whole request",
        ),
        pytest.param(
            DjangoValidationError({"code": ["Taken."]}),
            400,
            "invalid",
            {"code": ["Taken."]},
            id="a model's field",
        ),
        pytest.param(
            DjangoValidationError("No."),
            400,
            "invalid",
            {"non_field_errors": ["No."]},
            id="a model as a whole",
        ),
        pytest.param(TooManyFilesSent(), 400, "too_many_files", {}, id="files"),
        pytest.param(RequestDataTooBig(), 413, "request_too_large", {}, id="413"),
        pytest.param(SuspiciousOperation(), 400, "bad_request", {}, id="suspicious"),
        pytest.param(OperationalError("secret host"), 503, "database_unavailable", {}, id="database"),
    ],
)
def test_each_expected_error_has_a_status_a_code_and_facts(
    error: Exception, status: int, code: str, detail: dict[str, Any]
) -> None:
    response = error_response(error, {})
    assert response is not None
    assert (response.status_code, response.data["code"], response.data["detail"]) == (status, code, detail)
    assert set(response.data) == {"code", "error", "detail", "timestamp", "request_id"}
    assert response.data["error"]
    assert "secret" not in response.data["error"]


def test_an_unexpected_error_is_left_to_the_server() -> None:
    assert to_error_response(ZeroDivisionError()) is None


def test_throttled_and_busy_answers_say_when_to_come_back() -> None:
    throttled, busy = (
        error_response(error, {}) for error in (exceptions.Throttled(2.5), Busy("x", retry_after_s=5))
    )
    assert throttled is not None
    assert busy is not None
    assert (throttled["Retry-After"], busy["Retry-After"]) == ("3", "5")


def test_the_request_id_of_the_client_is_in_the_error_and_in_the_header(client: Client) -> None:
    response = client.get("/api/v1/nothing-here", headers={"X-Request-Id": "walk-12345"})
    assert response.status_code == 404
    assert response.json()["request_id"] == response["X-Request-Id"] == "walk-12345"


def test_unknown_paths_answer_json_under_the_api_and_a_page_elsewhere(client: Client, worker: Any) -> None:
    client.force_login(worker)
    assert client.get("/api/v1/nothing-here").json()["code"] == "not_found"
    page = client.get("/nothing-here")
    assert page.status_code == 404
    assert page["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/api/v1/photos/uploads", "/photos/"])
def test_a_server_error_shows_no_traceback(rf: RequestFactory, path: str) -> None:
    try:
        raise ZeroDivisionError("the secret of line 12")
    except ZeroDivisionError:
        response = server_error(rf.get(path))
    assert response.status_code == 500
    assert not re.search(rb"Traceback|ZeroDivision|secret", response.content)
    assert response["Content-Type"].startswith("application/json" if "/api/" in path else "text/html")


class TooMany(DemeterError):
    code, status = "throttled", 429


def _answer(rf: RequestFactory, error: Exception, path: str) -> HttpResponse:
    """What Django answers to a request whose view, or a middleware before it, raises this."""

    def fail(_request: HttpRequest) -> HttpResponse:
        raise error

    return convert_exception_to_response(fail)(rf.get(path))


PAGE_ERRORS = [
    pytest.param(SuspiciousOperation(), 400, id="400"),
    pytest.param(PermissionDenied(), 403, id="403"),
    pytest.param(Http404(), 404, id="404"),
    pytest.param(RequestDataTooBig(), 413, id="413"),
    pytest.param(ZeroDivisionError("secret"), 500, id="500"),
    pytest.param(OperationalError("secret host"), 503, id="503"),
]


@pytest.mark.parametrize(("error", "status"), PAGE_ERRORS)
def test_every_error_is_a_page_in_both_languages_and_json_under_the_api(
    rf: RequestFactory, error: Exception, status: int
) -> None:
    """Without a database: none of these tests has one."""
    pages = {}
    for language in ("es", "en"):
        with translation.override(language):
            response = _answer(rf, error, "/photos/?page=2")
        assert response.status_code == status
        assert b"secret" not in response.content
        pages[language] = response.content.decode()
        assert f'<html lang="{language}">' in pages[language]
        assert "demeter/css/base.css" in pages[language]
        assert ('href="/photos/?page=2"' in pages[language]) == (status >= 500)
    headings = {language: re.search("<h1>(.+)</h1>", page)[1] for language, page in pages.items()}  # type: ignore[index]
    assert headings["es"] != headings["en"]
    assert _answer(rf, error, "/api/v1/photos/uploads")["Content-Type"] == "application/json"


def test_a_refusal_by_too_many_requests_and_one_of_a_stale_form_are_pages(rf: RequestFactory) -> None:
    busy = refusal_page(rf.get("/photos/"), TooMany("Later.", retry_after_s=5))
    assert (busy.status_code, busy["Retry-After"]) == (429, "5")
    sent = {"HTTP_REFERER": "http://testserver/photos/?page=2", "HTTP_HOST": "testserver"}
    stale = csrf_failure(rf.post("/sign-out/", **sent))
    assert stale.status_code == 403
    assert 'href="http://testserver/photos/?page=2"' in stale.content.decode()
    foreign = csrf_failure(rf.post("/sign-out/", HTTP_REFERER="http://elsewhere/", HTTP_HOST="testserver"))
    assert "elsewhere" not in foreign.content.decode()


def test_an_error_is_told_without_the_list_of_static_files(
    rf: RequestFactory, settings: Any, tmp_path: Path
) -> None:
    settings.STATIC_ROOT = str(tmp_path / "nothing")
    manifest = {"BACKEND": "demeter.static_storage.ModuleStaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": manifest}
    response = _answer(rf, Http404(), "/photos/")
    assert response.status_code == 404
    assert b"stylesheet" not in response.content
