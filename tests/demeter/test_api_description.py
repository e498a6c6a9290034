"""The description of the API is true, and shown to people too."""

import re
from typing import Any

import pytest
from django.http import JsonResponse
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import RegexPattern, URLPattern, URLResolver
from django_filters import FilterSet
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from demeter.accounts.filters import UserFilter
from demeter.accounts.models import User
from inventory.api.filters import WarehouseFilter
from mlpipeline.classifier.api.filters import FeedbackFilter
from photos.filters import ImageFilter, UploadFilter
from tests.conftest import Bearer
from tests.support.openapi import check_answer, description_of


@pytest.fixture
def schema() -> dict[str, Any]:
    GENERATOR_STATS.reset()
    return SchemaGenerator().get_schema(request=None, public=True)


def test_the_description_is_valid_and_made_without_a_warning(schema: dict[str, Any]) -> None:
    validate_schema(schema)
    assert not GENERATOR_STATS


def test_every_address_is_described(schema: dict[str, Any]) -> None:
    routes = [route for route, name in _api_routes() if name != "api-docs"]  # that one is a page
    described = description_of(schema)
    assert [route for route in routes if described.find(_sample(route)) is None] == []


def test_every_example_is_as_described(schema: dict[str, Any]) -> None:
    described = description_of(schema)
    without = []
    for address, operations in described.paths.items():
        for verb, operation in operations.items():
            for status, answer in operation["responses"].items():
                content = answer.get("content", {}).get("application/json", {})
                shown = [entry["value"] for entry in content.get("examples", {}).values()]
                shown += [content["example"]] if "example" in content else []
                if status < "300" and content and not shown:
                    without.append(f"{verb} {address}")
                for example in shown:
                    described.validator(address, verb, status, "application/json").validate(example)
    # Two answer whatever there is: the description itself, and the export of a count.
    assert without == ["get /api/v1/schema", "get /api/v1/sessions/{session_id}/export"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {}),
        (200, {"known": [], "unknown": []}),
        (200, {"known": [{"sha256": 1, "image_id": "no uuid", "uploaded_at": "2026-04-01T09:12:00-03:00"}]}),
        (418, {"known": []}),
        (400, {"detail": "The error is in another form."}),
        (
            400,
            {
                "code": "made_up",
                "error": "",
                "detail": {},
                "timestamp": "2026-04-01T09:12:00Z",
                "request_id": "",
            },
        ),
    ],
)
def test_an_answer_that_is_not_as_described_fails_its_test(status: int, body: dict[str, Any]) -> None:
    check_answer("POST", "/api/v1/uploads/known", JsonResponse({"known": []}))
    with pytest.raises(AssertionError):
        check_answer("POST", "/api/v1/uploads/known", JsonResponse(body, status=status))


def test_an_address_or_verb_that_is_not_described_fails_its_test() -> None:
    for verb, path in (("GET", "/api/v1/secrets"), ("DELETE", "/api/v1/auth/me")):
        with pytest.raises(AssertionError):
            check_answer(verb, path, JsonResponse({}))


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


@pytest.mark.parametrize(
    ("address", "filters"),
    [
        ("/api/v1/photos/gallery", ImageFilter),
        ("/api/v1/photos/uploads", UploadFilter),
        ("/api/v1/users", UserFilter),
        ("/api/v1/feedback", FeedbackFilter),
        ("/api/v1/warehouses", WarehouseFilter),
    ],
)
def test_lists_are_described_with_their_filters_their_order_and_their_pages(
    schema: dict[str, Any], address: str, filters: type[FilterSet]
) -> None:
    described = {parameter["name"]: parameter for parameter in schema["paths"][address]["get"]["parameters"]}
    assert set(described) == {*filters.base_filters, "page", "per_page"}
    for name in {"date_from", "date_to"} & set(described):
        assert described[name]["schema"] == {"type": "string", "format": "date"}


@pytest.mark.parametrize(
    ("address", "states"),
    [
        ("/api/v1/photos/gallery", {"all", "success", "errors", "warnings", "needs_location"}),
        ("/api/v1/photos/uploads", {"pending", "processing", "completed", "failed", "rejected"}),
    ],
)
def test_the_states_that_a_list_can_be_filtered_by_are_described(
    schema: dict[str, Any], address: str, states: set[str]
) -> None:
    [status] = [
        parameter
        for parameter in schema["paths"][address]["get"]["parameters"]
        if parameter["name"] == "status"
    ]
    assert set(status["schema"]["enum"]) >= states


def test_each_operation_names_its_errors(schema: dict[str, Any]) -> None:
    operations = [operation for item in schema["paths"].values() for operation in item.values()]
    silent = [o["operationId"] for o in operations if not any(status >= "400" for status in o["responses"])]
    assert operations
    assert silent == []


def test_an_address_that_cannot_be_read_is_refused_as_it_is_described(
    schema: dict[str, Any], bearer: Bearer, admin: User
) -> None:
    """Each answer that a test gets is held against the description: so 400 is one of all these operations."""
    client = bearer(admin)
    asked = [
        address.replace("{", "").replace("}", "")
        for address, item in schema["paths"].items()
        if "get" in item
    ]
    assert {client.get(f"{address}?count=%00").status_code for address in asked} == {400}
    photo = "/api/v1/photos/c35717d5-2758-489a-9c82-9f247c1e0d46"
    too_many = "&".join(["count=1"] * 1001)
    for address in ("/api/v1/map", photo, f"{photo}/detections", f"{photo}/containers"):
        answer = client.get(f"{address}?{too_many}")
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_the_description_is_served_to_anybody(client: Client) -> None:
    response = client.get("/api/v1/schema/?format=json")
    assert response.status_code == 200
    assert response.json()["openapi"].startswith("3.")


def test_the_description_is_made_once_for_a_language_and_a_form(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for it again, a stranger too, costs next to nothing, whatever he writes into the address."""
    asked = {
        query: client.get(f"/api/v1/schema?{query}").content
        for query in ("lang=es", "lang=en", "format=json")
    }
    assert len(set(asked.values())) == 3
    monkeypatch.delattr(SchemaGenerator, "get_schema")
    assert {query: client.get(f"/api/v1/schema/?{query}").content for query in asked} == asked
    odd = [
        client.get(f"/api/v1/schema?{query}")
        for query in ("lang=xx", f"lang={'e' * 999}", "version=7", "lang=es-AR")
    ]
    assert {answer.content for answer in odd} == {asked["lang=es"]}


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


def _api_routes() -> list[tuple[str, str]]:
    """The patterns and names of what the API, monitoring and older clients ask."""
    top = [entry for entry in get_resolver().url_patterns if isinstance(entry, URLPattern)]
    api = next(
        p for p in get_resolver().url_patterns if isinstance(p, URLResolver) and str(p.pattern) == "api/v1/"
    )
    under_api = [
        (f"/api/v1/{leaf.pattern.regex.pattern.removeprefix('^')}", leaf.name) for leaf in _leaves(api)
    ]
    at_root = [
        (f"/{leaf.pattern.regex.pattern.removeprefix('^')}", leaf.name)
        for leaf in top
        if isinstance(leaf.pattern, RegexPattern)
    ]
    return under_api + at_root


def _sample(route: str) -> str:
    """An address that this pattern takes."""
    plain = route.removesuffix("$").removesuffix("\\Z").removesuffix("/?")
    return re.sub(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)", "1", plain)


def _leaves(resolver: URLResolver) -> list[URLPattern]:
    found: list[URLPattern] = []
    for entry in resolver.url_patterns:
        found += _leaves(entry) if isinstance(entry, URLResolver) else [entry]
    return found
