"""The one form of an error."""

import re
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import OperationalError
from django.http import Http404
from django.test import Client, RequestFactory
from rest_framework import exceptions

from demeter.api_errors import error_response, server_error, to_error_response
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
