"""Requests as careless or hostile clients send them: answered with 200 or 400, never with 500."""

import json
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from demeter.accounts.models import User
from demeter.api_errors import MAX_JSON_DEPTH
from photos.models import Image
from tests.conftest import Bearer
from tests.photos.count_builders import count_photo, store_photo

OURS = ["accounts", "demeter", "inventory", "mlpipeline", "photos"]
MODELS = [model for app in OURS for model in apps.get_app_config(app).get_models()]
ODD_DATES = ["9999-12-31", "9999-01-01", "0001-01-01", "10000-01-01", "2026-02-30", "-1", "x", "1e9", ""]
ODD_YEARS = ["9999", "0001", "0", "-1", "10000", "99999999999999999999", "x", ""]


@pytest.fixture
def browser(admin: User) -> Client:
    """An administrator's browser, to which a fault of ours is a 500."""
    client = Client(raise_request_exception=False, headers={"accept-language": "en"})
    client.force_login(admin)
    return client


@pytest.fixture
def photo(admin: User) -> Image:
    image = store_photo(admin)
    count_photo(image)
    return image


# ── HEAD ─────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "address",
    [
        "/", "/photos/", "/photos/{image}/", "/photos/{image}/counts/1/findings.json", "/uploads/{upload}/",
        "/uploads/", "/admin/", "/admin/photos/image/", "/sign-in/?next=/photos/", "/healthz",
        "/api/v1/docs", "/api/v1/schema",
    ],
)  # fmt: skip
def test_head_answers_as_get_does(browser: Client, photo: Image, address: str) -> None:
    url = address.format(image=photo.pk, upload=photo.upload_session_id)
    assert browser.head(url).status_code == browser.get(url).status_code < 400
    assert browser.head(url).content == b""


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/auth/me", "/api/v1/users/", "/api/v1/photos/uploads",
        "/api/v1/photos/jobs/status?upload_session_id={upload}", "/user/",
    ],
)  # fmt: skip
def test_head_answers_on_reads_of_the_api(bearer: Bearer, admin: User, photo: Image, address: str) -> None:
    assert bearer(admin).head(address.format(upload=photo.upload_session_id)).status_code == 200


# ── bodies ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("path", ["/api/v1/auth/login", "/login", "/api/v1/users/", "/user/"])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param("[" * 50_000, id="lists without an end"),
        pytest.param("[" * 50_000 + "]" * 50_000, id="lists"),
        pytest.param('{"a":' * 20_000 + "1" + "}" * 20_000, id="objects"),
        pytest.param("[" * (MAX_JSON_DEPTH + 1) + "]" * (MAX_JSON_DEPTH + 1), id="one too deep"),
        pytest.param('{"username": ' + "9" * 5000 + ', "password": "x"}', id="a number without an end"),
        pytest.param('{"username": "\\u0000", "password": "\\ud800"}', id="no characters"),
        pytest.param("null", id="nothing"),
        pytest.param('{"username": {"a": []}, "password": []}', id="other types"),
    ],
)
@pytest.mark.django_db
def test_json_that_no_client_of_ours_sends_is_400(path: str, body: str) -> None:
    client = APIClient(raise_request_exception=False)
    response = client.generic("POST", path, body, content_type="application/json")
    assert response.status_code == 400
    assert response.json().get("error") or response.json()["detail"]


def test_no_depth_of_json_is_a_fault_of_ours(bearer: Bearer, admin: User, photo: Image) -> None:
    """Up to the limit the request is read, kept under its key and refused for what it says."""
    client = bearer(admin)
    for depth in (1, 2, MAX_JSON_DEPTH - 2, MAX_JSON_DEPTH - 1, MAX_JSON_DEPTH, 300, 900, 1000, 3000):
        reason: Any = "[" * depth + "]" * depth
        body = json.dumps({"reason": 0}).replace("0", reason)
        response = client.generic(
            "POST",
            f"/api/v1/photos/{photo.pk}/reprocess",
            body,
            content_type="application/json",
            headers={"Idempotency-Key": f"depth {depth}"},
        )
        # The reason is one level down; up to the limit its type is refused, beyond it the body as a whole.
        code = "invalid" if depth + 1 <= MAX_JSON_DEPTH else "parse_error"
        assert (response.status_code, response.json()["code"]) == (400, code), depth


# ── addresses ────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("field", ["date_from", "date_to"])
@pytest.mark.parametrize("value", ODD_DATES)
def test_no_date_breaks_the_gallery(browser: Client, photo: Image, field: str, value: str) -> None:
    assert browser.get("/photos/", {field: value}).status_code == 200


@pytest.mark.parametrize("value", ["9" * 30, "9" * 5000, "-1", "0", "1e3", "x", "٣"])
def test_no_number_breaks_a_page(browser: Client, photo: Image, value: str) -> None:
    for query in ({"page": value}, {"warehouse_id": value}, {"location_id": value}):
        assert browser.get("/photos/", query).status_code == 200
    assert browser.get(f"/photos/{photo.pk}/", {"count": value}).status_code == 404
    assert browser.get(f"/photos/{photo.pk}/counts/{value}/findings.json").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/?x=%00", "/photos/?search=%00", "/photos/?search=a%00b", "/photos/?status=%00", "/photos/?%00=1",
        "/photos/%00/", "/admin/photos/image/?q=%00", "/admin/photos/image/?status__exact=%00",
        "/admin/photos/image/%00/change/", "/admin/inventory/storagelocation/?q=a%00", "/sign-in/?next=%00",
        "/api/v1/photos/jobs/status?upload_session_id=%00", "/api/v1/stock/tasks/status?task_ids=%00",
        "/files/default/%00", "/admin/autocomplete/?term=%00",
    ],
)  # fmt: skip
def test_a_nul_in_an_address_is_400(browser: Client, bearer: Bearer, admin: User, path: str) -> None:
    client = bearer(admin) if path.startswith("/api/") else browser
    response = client.get(path)
    assert response.status_code == 400
    if path.startswith("/api/"):
        assert response.json()["code"] == "bad_request"


def dated_lists() -> list[Any]:
    """(model, field) of each list of the administration that can be filtered by a date."""
    found = []
    for model in MODELS:
        page = site.get_model_admin(model)
        dates = {page.date_hierarchy, *(name for name in page.list_filter if isinstance(name, str))} - {None}
        found += [
            pytest.param(model, name, id=f"{model.__name__}.{name}")
            for name in sorted(dates)
            if "__" not in name and model._meta.get_field(name).get_internal_type() == "DateTimeField"
        ]
    return found


@pytest.mark.filterwarnings("ignore:.*received a naive datetime")  # an address need not name a zone
@pytest.mark.parametrize(("model", "field"), dated_lists())
def test_no_date_breaks_a_list_of_the_administration(
    browser: Client, photo: Image, model: Any, field: str
) -> None:
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    queries = [
        *({f"{field}__year": year} for year in ODD_YEARS),
        *({f"{field}__year": year, f"{field}__month": "12"} for year in ODD_YEARS),
        *({f"{field}__year": year, f"{field}__month": "12", f"{field}__day": "31"} for year in ODD_YEARS),
        {f"{field}__year": "2026", f"{field}__month": "13"},
        {f"{field}__year": "2026", f"{field}__month": "2", f"{field}__day": "30"},
        *({f"{field}__gte": day} for day in ODD_DATES),
        *({f"{field}__lt": f"{day} 00:00:00-12:00"} for day in ODD_DATES),
        {f"{field}__lt": "9999-12-31T23:59:59.999999Z", f"{field}__gte": "0001-01-01T00:00:00Z"},
    ]
    for query in queries:
        assert browser.get(url, query).status_code in (200, 400), query


@pytest.mark.parametrize(
    "query",
    [
        {"p": "9" * 30}, {"p": "x"}, {"o": "99.-1.x"}, {"id": "9" * 30}, {"id__exact": "x"}, {"e": "1"}, {"all": ""},
        {"status__exact": "nonsense"}, {"width_px": "9" * 30}, {"q": "9" * 5000}, {"q": '"'}, {"q": "%_\\"},
    ],
)  # fmt: skip
def test_no_value_breaks_a_list_of_the_administration(
    browser: Client, photo: Image, query: dict[str, str]
) -> None:
    for model in ("image", "uploadjob", "processingsession"):
        assert browser.get(f"/admin/photos/{model}/", query).status_code in (200, 400)
