"""Accounts over HTTP: under /api/v1/ and, for older clients, at the root."""

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from demeter.accounts import tokens
from demeter.accounts.models import TokenFamily, User
from demeter.accounts.tokens import delete_expired_families, issue_tokens
from photos.services.execution.cleanup import delete_expired
from tests.conftest import PASSWORD, Bearer, MakeUser

BOTH_SIGN_INS = pytest.mark.parametrize(
    "path", ["/login", "/login/", "/api/v1/auth/login", "/api/v1/auth/login/"]
)
BOTH_USERS = pytest.mark.parametrize("path", ["/user", "/user/", "/api/v1/users", "/api/v1/users/"])


@pytest.fixture
def client() -> Client:
    """A client as strict as a browser: a view that wanted a CSRF token would refuse it."""
    return Client(enforce_csrf_checks=True)


def me(access_token: str) -> int:
    """How /auth/me answers to a token."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access_token}")
    return client.get("/api/v1/auth/me").status_code


def sign_in(client: Any, user: User, path: str = "/login", password: str = PASSWORD) -> Any:
    return client.post(path, {"username": user.email, "password": password})


@BOTH_SIGN_INS
def test_a_form_with_the_empty_fields_of_oauth_gets_tokens(client: Client, worker: User, path: str) -> None:
    form = {
        "username": worker.email.upper(),
        "password": PASSWORD,
        "grant_type": "",
        "scope": "",
        "client_id": "",
        "client_secret": "",
    }
    response = client.post(path, form)
    assert response.status_code == 200
    assert set(response.json()) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (response.json()["token_type"], response.json()["expires_in"]) == ("bearer", 900)


@BOTH_SIGN_INS
def test_json_signs_in_as_well_as_a_form(client: Client, worker: User, path: str) -> None:
    body = {"username": worker.email, "password": PASSWORD}
    assert client.post(path, body, content_type="application/json").status_code == 200


def test_an_old_token_does_not_stand_in_the_way_of_signing_in(client: Client, worker: User) -> None:
    response = client.post(
        "/login", {"username": worker.email, "password": PASSWORD}, headers={"Authorization": "Bearer old"}
    )
    assert response.status_code == 200


def test_wrong_email_wrong_password_closed_and_system_accounts_get_one_answer(
    client: Client, worker: User, make_user: MakeUser
) -> None:
    closed = make_user(is_active=False)
    system = User.objects.ml()
    system.set_password(PASSWORD)
    system.save()
    answers = [
        client.post("/login", {"username": email, "password": password})
        for email, password in [
            ("nobody@nursery.example", PASSWORD),
            (worker.email, "wrong"),
            (closed.email, PASSWORD),
            (system.email, PASSWORD),
        ]
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.content for answer in answers} == {b'{"detail":"E-mail or password is wrong."}'}
    assert {answer["WWW-Authenticate"] for answer in answers} == {"Bearer"}


def test_root_errors_are_a_detail_in_english_and_api_errors_have_the_one_form(
    client: Client, db: None
) -> None:
    wrong = {"username": "a@b.example", "password": "x"}
    spanish = {"Accept-Language": "es"}
    assert client.post("/login", wrong, headers=spanish).json() == {"detail": "E-mail or password is wrong."}
    error = client.post("/api/v1/auth/login", wrong, headers=spanish).json()
    assert set(error) == {"code", "error", "detail", "timestamp", "request_id"}
    assert error["code"] == "bad_credentials"


def test_missing_fields_are_named(client: Client, db: None) -> None:
    response = client.post("/login", {})
    assert response.status_code == 400
    assert response.json() == {
        "detail": "username: This field is required. password: This field is required."
    }


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_of_a_token_is_read_in_any_case(worker: User, scheme: str) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"{scheme} {issue_tokens(worker).access_token}")
    response = client.get("/api/v1/auth/me")
    assert response.status_code == 200
    assert response.json() == {
        "id": worker.pk,
        "name": worker.name,
        "email": worker.email,
        "role": "worker",
        "is_approved": True,
    }


@pytest.mark.parametrize("path", ["/api/v1/auth/me", "/api/v1/users/", "/user/", "/api/v1/photos/uploads"])
@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer broken"}])
def test_without_a_good_token_the_answer_is_401_and_names_the_scheme(
    client: Client, db: None, path: str, header: dict[str, str]
) -> None:
    response = client.get(path, headers=header)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"


def test_the_session_cookie_opens_nothing_at_the_root(worker: User) -> None:
    client = Client()
    client.force_login(worker)
    assert client.get("/user/").status_code == 401


def test_a_refresh_token_is_good_once(client: Client, worker: User) -> None:
    old = sign_in(client, worker).json()["refresh_token"]
    first = client.post("/api/v1/auth/refresh", {"refresh_token": old})
    second = client.post("/api/v1/auth/refresh", {"refresh_token": old})
    assert first.status_code == 200
    assert (second.status_code, second.json()["code"]) == (401, "invalid_refresh_token")


def test_a_closed_account_gets_no_new_tokens(client: Client, worker: User) -> None:
    token = sign_in(client, worker).json()["refresh_token"]
    User.objects.filter(pk=worker.pk).update(is_active=False)
    assert client.post("/api/v1/auth/refresh", {"refresh_token": token}).status_code == 401


def test_a_second_use_of_a_refresh_token_ends_its_sign_in_for_all_who_hold_it(
    client: Client, worker: User
) -> None:
    stolen = sign_in(client, worker).json()["refresh_token"]
    elsewhere = sign_in(client, worker).json()
    pair = client.post("/api/v1/auth/refresh", {"refresh_token": stolen}).json()

    client.post("/api/v1/auth/refresh", {"refresh_token": stolen})

    assert client.post("/api/v1/auth/refresh", {"refresh_token": pair["refresh_token"]}).status_code == 401
    assert me(pair["access_token"]) == 401
    assert TokenFamily.objects.get(end_reason="reused").user == worker
    assert me(elsewhere["access_token"]) == 200


def test_signing_out_ends_all_tokens_of_the_sign_in_and_may_be_repeated(client: Client, worker: User) -> None:
    first = sign_in(client, worker).json()
    second = client.post("/api/v1/auth/refresh", {"refresh_token": first["refresh_token"]}).json()
    elsewhere = sign_in(client, worker).json()
    for _ in range(2):
        answer = client.post("/api/v1/auth/logout", {"refresh_token": second["refresh_token"]})
        assert answer.status_code == 204
    assert client.post("/api/v1/auth/logout", {"refresh_token": "broken"}).status_code == 204
    assert client.post("/api/v1/auth/refresh", {"refresh_token": second["refresh_token"]}).status_code == 401
    assert [me(pair["access_token"]) for pair in (first, second, elsewhere)] == [401, 401, 200]


def test_of_two_exchanges_at_once_one_wins_and_none_is_left_with_a_good_token(
    worker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issue_tokens(worker).refresh_token
    winners: list[str] = []

    def overtaken(read: Token) -> User | None:
        """Another exchange of the same token begins and ends while this one is between reading and writing."""
        monkeypatch.undo()
        user = tokens.user_of(read)
        winners.append(tokens.refresh_tokens(refresh_token=token).access_token)
        return user

    monkeypatch.setattr(tokens, "user_of", overtaken)
    answer = APIClient().post("/api/v1/auth/refresh", {"refresh_token": token})

    assert answer.status_code == 401
    assert TokenFamily.objects.get().end_reason == "reused"
    assert [me(winner) for winner in winners] == [401]


def test_a_password_set_on_the_command_line_ends_all_tokens(client: Client, worker: User) -> None:
    pair = sign_in(client, worker).json()
    worker.set_password("another-house-9")
    worker.save()
    assert me(pair["access_token"]) == 401
    assert client.post("/api/v1/auth/refresh", {"refresh_token": pair["refresh_token"]}).status_code == 401


def test_a_token_without_a_sign_in_of_its_own_is_refused(client: Client, worker: User) -> None:
    assert me(str(AccessToken.for_user(worker))) == 401
    refresh = str(RefreshToken.for_user(worker))
    assert client.post("/api/v1/auth/refresh", {"refresh_token": refresh}).status_code == 401


def test_sign_ins_are_forgotten_when_their_tokens_have_expired(client: Client, worker: User) -> None:
    sign_in(client, worker)
    old = sign_in(client, worker).json()["refresh_token"]
    expired = TokenFamily.objects.order_by("created_at").first()
    TokenFamily.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
    assert delete_expired_families() == 1
    assert client.post("/api/v1/auth/refresh", {"refresh_token": old}).status_code == 200


def test_browsers_whose_sign_in_has_expired_are_forgotten(worker: User, other_worker: User) -> None:
    expired, alive = Client(), Client()
    expired.force_login(worker)
    Session.objects.update(expire_date=timezone.now())
    alive.force_login(other_worker)
    assert delete_expired()["browser_sessions"] == 1
    assert [session.pk for session in Session.objects.all()] == [alive.session.session_key]


def test_a_new_password_ends_all_other_sign_ins(bearer: Bearer, worker: User) -> None:
    elsewhere = bearer(worker)
    old_refresh = sign_in(elsewhere, worker).json()["refresh_token"]
    response = bearer(worker).post(
        "/api/v1/auth/change-password", {"current_password": PASSWORD, "new_password": "another-house-9"}
    )
    assert response.status_code == 200
    assert elsewhere.get("/api/v1/auth/me").status_code == 401
    assert elsewhere.post("/api/v1/auth/refresh", {"refresh_token": old_refresh}).status_code == 401
    here = APIClient()
    here.credentials(HTTP_AUTHORIZATION=f"Bearer {response.json()['access_token']}")
    assert here.get("/api/v1/auth/me").status_code == 200
    assert sign_in(APIClient(), worker, password="another-house-9").status_code == 200


@pytest.mark.parametrize(
    ("current", "new", "code"),
    [("wrong", "another-house-9", "wrong_password"), (PASSWORD, "short", "weak_password")],
)
def test_a_password_is_not_changed_without_the_old_one_or_to_a_weak_one(
    bearer: Bearer, worker: User, current: str, new: str, code: str
) -> None:
    response = bearer(worker).post(
        "/api/v1/auth/change-password", {"current_password": current, "new_password": new}
    )
    assert (response.status_code, response.json()["code"]) == (400, code)
    worker.refresh_from_db()
    assert worker.check_password(PASSWORD)


@BOTH_USERS
def test_a_stranger_registers_and_becomes_a_viewer_who_waits(client: Client, db: None, path: str) -> None:
    body = {
        "name": "Ana",
        "email": "Ana@Nursery.example",
        "password": PASSWORD,
        "is_approved": True,
        "role": "admin",
    }
    response = client.post(path, body, content_type="application/json")
    user = User.objects.get(email="ana@nursery.example")
    assert response.status_code == 201
    assert response.json() == {"id": user.pk, "name": "Ana", "email": "ana@nursery.example"}
    assert (user.role, user.is_approved, user.can_read) == ("viewer", False, False)


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        pytest.param(
            {"email": "TAKEN@nursery.example"}, "Email already registered", id="taken, in another case"
        ),
        pytest.param({"email": "none"}, "email: Enter a valid email address.", id="not an e-mail"),
        pytest.param(
            {"name": "A"}, "name: Ensure this field has at least 2 characters.", id="name too short"
        ),
        pytest.param(
            {"name": "A" * 51}, "name: Ensure this field has no more than 50 characters.", id="name too long"
        ),
        pytest.param(
            {"password": "k7"},
            "This password is too short. It must contain at least 8 characters.",
            id="password too short",
        ),
        pytest.param({"password": "password1"}, "This password is too common.", id="password too common"),
        pytest.param(
            {"password": "Ana@Nursery.example"},
            "The password contains the e-mail address.",
            id="password is the e-mail, in another case",
        ),
        pytest.param(
            {"password": "the key of this house is ana@nursery.example"},
            "The password contains the e-mail address.",
            id="password contains the e-mail",
        ),
        pytest.param(
            {"password": "ananursery.example"},
            "The password is too similar to the e-mail.",
            id="password much like the e-mail",
        ),
    ],
)
def test_what_registration_refuses(
    client: Client, make_user: MakeUser, change: dict[str, str], detail: str
) -> None:
    make_user(email="taken@nursery.example")
    body = {"name": "Ana", "email": "ana@nursery.example", "password": PASSWORD, **change}
    response = client.post("/user/", body, content_type="application/json")
    assert response.status_code == 400
    assert response.json() == {"detail": detail}
    assert not User.objects.filter(email="ana@nursery.example").exists()


def test_a_name_in_the_other_unicode_form_is_the_same_account(client: Client, db: None) -> None:
    """NFC and NFD, and full-width letters, look the same and are typed by different keyboards."""
    decomposed = "ana@can\u0303o\u0301n.example"
    body = {"name": "Ana", "email": decomposed, "password": PASSWORD}
    assert client.post("/user/", body, content_type="application/json").json()["email"] == "ana@cañón.example"
    for email in (decomposed, "ANA@CAÑÓN.example", "ana@cañón.example"):
        assert client.post("/login", {"username": email, "password": PASSWORD}).status_code == 200
        taken = client.post("/user/", {**body, "email": email}, content_type="application/json")
        assert taken.json() == {"detail": "Email already registered"}


def test_registration_can_be_closed(client: Client, db: None, settings: Any) -> None:
    settings.REGISTRATION_OPEN = False
    body = {"name": "Ana", "email": "ana@nursery.example", "password": PASSWORD}
    response = client.post("/user/", body, content_type="application/json")
    assert (response.status_code, response.json()) == (
        403,
        {"detail": "Ask an administrator for an account."},
    )


def test_admins_list_all_people_and_others_only_themselves(bearer: Bearer, worker: User, admin: User) -> None:
    own = {"id": worker.pk, "name": worker.name, "email": worker.email}
    assert bearer(worker).get("/user/").json() == [own]
    assert bearer(worker).get("/api/v1/users/").json()["results"] == [own]
    people = bearer(admin).get("/api/v1/users/").json()
    assert {row["id"] for row in people["results"]} == {worker.pk, admin.pk}  # not the system user
    assert people["pagination"] == {"page": 1, "per_page": 50, "total_pages": 1, "total_items": 2}


def test_people_come_in_the_order_asked_for_but_not_at_the_root(
    bearer: Bearer, admin: User, make_user: MakeUser
) -> None:
    first, second = make_user(email="z@nursery.example"), make_user(email="a@nursery.example")
    client = bearer(admin)

    def names(query: str, address: str = "/api/v1/users/") -> list[str]:
        people = client.get(f"{address}{query}").json()
        return [row["name"] for row in (people if address == "/user/" else people["results"])]

    by_email = names("")
    assert by_email.index(second.name) < by_email.index(first.name)
    assert names("?ordering=name") == sorted(by_email)
    assert names("?ordering=-name") == sorted(by_email, reverse=True)
    assert client.get("/api/v1/users/?ordering=password").status_code == 400
    assert names("?ordering=password", "/user/") == by_email  # older clients know no order


def test_a_list_is_paged_to_at_most_100(bearer: Bearer, admin: User, make_user: MakeUser) -> None:
    for _ in range(101):
        make_user()
    client = bearer(admin)
    assert len(client.get("/api/v1/users/?per_page=500").json()["results"]) == 100
    second = client.get("/api/v1/users/?per_page=100&page=2").json()
    assert len(second["results"]) == 2
    assert client.get("/api/v1/users/?page=9").status_code == 404


@pytest.mark.parametrize("people", [1, 7])
def test_a_list_of_people_costs_the_same_queries_however_many_there_are(
    bearer: Bearer, admin: User, make_user: MakeUser, django_assert_num_queries: Any, people: int
) -> None:
    for _ in range(people):
        make_user()
    client = bearer(admin)
    with django_assert_num_queries(3):  # the caller, their number, the page
        assert len(client.get("/api/v1/users/").json()["results"]) == people + 1
    with django_assert_num_queries(2):
        assert len(client.get("/user/").json()) == people + 1
