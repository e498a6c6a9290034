"""The description of the API is true, and shown to people too."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import RegexPattern, URLPattern, URLResolver
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema


@pytest.fixture
def schema() -> dict[str, Any]:
    GENERATOR_STATS.reset()
    return SchemaGenerator().get_schema(request=None, public=True)


def test_the_description_is_valid_and_made_without_a_warning(schema: dict[str, Any]) -> None:
    validate_schema(schema)
    assert not GENERATOR_STATS


def test_every_endpoint_of_the_contract_is_described(schema: dict[str, Any]) -> None:
    described = {f"{verb.upper()} {path}" for path, item in schema["paths"].items() for verb in item}
    assert described >= {
        "POST /api/v1/photos/upload",
        "POST /api/v1/stock/photo",
        "GET /api/v1/photos/jobs/status",
        "GET /api/v1/photos/jobs/{job_id}/status",
        "GET /api/v1/photos/uploads",
        "GET /api/v1/stock/tasks/{task_id}",
        "GET /api/v1/stock/tasks/status",
        "POST /api/v1/analyze",
        "GET /api/v1/tasks/{task_id}",
        "POST /api/v1/photos/{image_id}/reprocess",
        "GET /api/v1/photos/gallery",
        "GET /api/v1/photos/{image_id}",
        "POST /api/v1/photos/batch-delete",
        "POST /api/v1/photos/batch-restore",
        "GET /api/v1/photos/{image_id}/detections",
        "PATCH /api/v1/photos/{image_id}/detections",
        "GET /api/v1/photos/{image_id}/containers",
        "GET /api/v1/photos/{image_id}/estimations",
        "POST /api/v1/sessions/{session_id}/validate",
        "GET /api/v1/sessions/{session_id}/export",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/refresh",
        "POST /api/v1/auth/logout",
        "GET /api/v1/auth/me",
        "POST /api/v1/auth/change-password",
        "GET /api/v1/users",
        "POST /api/v1/users",
        "POST /api/v1/model/predict",
        "GET /api/v1/warehouses",
        "GET /api/v1/warehouses/{warehouse_id}/areas",
        "GET /api/v1/areas/{area_id}/locations",
        "GET /api/v1/locations/{id}",
        "GET /api/v1/locations/{id}/history",
        "GET /api/v1/locations/search",
        "GET /api/v1/locations/lookup",
        "GET /api/v1/map",
        "GET /api/v1/feedback",
        "POST /api/v1/feedback",
        "POST /model/predict",
        "GET /feedback",
        "POST /feedback",
        "POST /login",
        "GET /user",
        "POST /user",
    }


def test_each_operation_names_its_errors(schema: dict[str, Any]) -> None:
    operations = [operation for item in schema["paths"].values() for operation in item.values()]
    silent = [o["operationId"] for o in operations if not any(status >= "400" for status in o["responses"])]
    assert operations
    assert silent == []


def test_the_description_is_served_to_anybody(client: Client) -> None:
    response = client.get("/api/v1/schema/?format=json")
    assert response.status_code == 200
    assert response.json()["openapi"].startswith("3.")


def test_the_page_takes_nothing_from_elsewhere_and_has_no_script_in_it(client: Client) -> None:
    page = client.get("/api/v1/docs/").content.decode()
    links = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert links
    assert [link for link in links if not link.startswith("/")] == []
    assert re.findall(r"<script(?![^>]*src=)", page) == []


def test_every_api_path_is_served_with_and_without_a_slash() -> None:
    api = next(
        p for p in get_resolver().url_patterns if isinstance(p, URLResolver) and str(p.pattern) == "api/v1/"
    )
    routes = [str(leaf.pattern) for leaf in _leaves(api) if isinstance(leaf.pattern, RegexPattern)]
    assert len(routes) >= 18
    assert [route for route in routes if not route.endswith("/?$")] == []


def _leaves(resolver: URLResolver) -> list[URLPattern]:
    found: list[URLPattern] = []
    for entry in resolver.url_patterns:
        found += _leaves(entry) if isinstance(entry, URLResolver) else [entry]
    return found
