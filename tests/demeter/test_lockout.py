"""Who is locked out of signing in, and who never is."""

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.core.cache import cache
from django.db.models import F
from django.test import Client

from demeter.accounts import services
from demeter.accounts.models import User
from photos.services.execution import cleanup
from tests.conftest import PASSWORD, Bearer

ELSEWHERE = "192.0.2.7"


@pytest.fixture(autouse=True)
def _three_failures(settings: Any) -> None:
    settings.LOGIN_FAILURES_PER_HOUR = 3


def sign_in(email: str, password: str = PASSWORD, *, address: str = "127.0.0.1", **headers: str) -> Any:
    return Client(REMOTE_ADDR=address).post(
        "/login", {"username": email, "password": password}, headers=headers
    )


def fail(email: str, *, times: int = 1, address: str = "127.0.0.1", **headers: str) -> list[int]:
    return [sign_in(email, "wrong", address=address, **headers).status_code for _ in range(times)]


def let_pass(minutes: float) -> None:
    """The counts as they are this much later."""
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=minutes))


def test_only_failures_are_counted(worker: User) -> None:
    assert [sign_in(worker.email).status_code for _ in range(10)] == [200] * 10
    assert AccessAttempt.objects.count() == 0
    assert fail(worker.email, times=4) == [401, 401, 401, 429]


def test_a_locked_pair_is_refused_with_the_right_password_too_and_told_when_to_come_back(
    worker: User,
) -> None:
    fail(worker.email, times=3)
    refused = sign_in(worker.email)
    assert refused.status_code == 429
    assert refused.json() == {"detail": "Too many wrong passwords. Wait 1 min and try again."}
    assert 50 <= int(refused["Retry-After"]) <= 60


def test_the_right_password_from_another_address_enters(admin: User) -> None:
    fail(admin.email, times=20, address=ELSEWHERE)
    assert sign_in(admin.email, address=ELSEWHERE).status_code == 429
    assert sign_in(admin.email).status_code == 200


def test_many_addresses_that_fail_lock_nobody_out_elsewhere(admin: User) -> None:
    for number in range(30):
        fail(admin.email, times=3, address=f"198.51.100.{number}")
    assert sign_in(admin.email).status_code == 200


def test_behind_a_proxy_that_is_not_trusted_one_client_locks_no_other_account(
    worker: User, other_worker: User
) -> None:
    """All clients have the proxy's address then, and what they say of themselves is not believed."""
    fail(worker.email, times=20, **{"X-Forwarded-For": "203.0.113.5"})
    for number in range(30):
        fail(f"nobody{number}@nursery.example", times=3)
    assert sign_in(other_worker.email, **{"X-Forwarded-For": "203.0.113.6"}).status_code == 200


def test_a_made_up_forwarded_address_does_not_begin_a_new_count(worker: User) -> None:
    statuses = [fail(worker.email, **{"X-Forwarded-For": f"203.0.113.{number}"})[0] for number in range(4)]
    assert statuses == [401, 401, 401, 429]


def test_behind_a_trusted_proxy_the_address_that_it_saw_counts(
    worker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rest_framework.settings.api_settings.NUM_PROXIES", 1)
    seen = {"X-Forwarded-For": "10.0.0.1, 203.0.113.5"}
    assert fail(worker.email, times=4, **seen) == [401, 401, 401, 429]
    assert sign_in(worker.email, **{"X-Forwarded-For": "203.0.113.5, 203.0.113.6"}).status_code == 200
    assert fail(worker.email, times=4, **{"X-Forwarded-For": "no address"}) == [401, 401, 401, 429]


@pytest.mark.parametrize(
    ("one", "another"),
    [
        pytest.param("2001:db8:1:2::3", "2001:db8:1:2:ffff::9", id="of one IPv6 network"),
        pytest.param("::ffff:192.0.2.7", "192.0.2.7", id="IPv4 written as IPv6"),
        pytest.param("", "", id="none, as behind a Unix socket"),
    ],
)
def test_addresses_of_one_customer_count_together(worker: User, one: str, another: str) -> None:
    assert fail(worker.email, times=3, address=one) == [401, 401, 401]
    assert fail(worker.email, address=another) == [429]


def test_an_account_that_does_not_exist_is_locked_as_one_that_does(worker: User) -> None:
    assert fail("nobody@nursery.example", times=4) == fail(worker.email, times=4) == [401, 401, 401, 429]


def test_the_other_ways_to_write_an_account_begin_no_new_count(worker: User) -> None:
    spellings = [
        worker.email,
        worker.email.upper(),
        f" {worker.email}",
        worker.email.replace("w", "\uff57"),
    ]  # a full-width w
    assert [fail(spelling)[0] for spelling in spellings] == [401, 401, 401, 429]


@pytest.mark.parametrize("email", ["x" * 254, "\ufdfa" * 254, "'; --", "☃"])
def test_whatever_stands_for_an_account_is_a_wrong_one(db: None, email: str) -> None:
    assert fail(email, times=2) == [401, 401]


def test_each_failure_after_the_lock_doubles_it_and_tries_during_it_do_not(worker: User) -> None:
    fail(worker.email, times=3)
    waits = []
    for _ in range(6):
        assert fail(worker.email, times=5) == [429] * 5
        wait_s = int(sign_in(worker.email)["Retry-After"])
        waits.append(round(wait_s / 60))
        let_pass(wait_s / 60 + 0.1)
        assert fail(worker.email) == [401]
    assert waits == [1, 2, 4, 8, 15, 15]


def test_a_lock_ends_by_itself_and_a_success_forgets_the_failures(worker: User) -> None:
    fail(worker.email, times=3)
    let_pass(1.1)
    assert sign_in(worker.email).status_code == 200
    assert AccessAttempt.objects.count() == 0
    assert fail(worker.email, times=2) == [401, 401]


def test_an_hour_after_the_last_failure_a_count_begins_anew(worker: User) -> None:
    fail(worker.email, times=2)
    let_pass(61)
    assert fail(worker.email, times=4) == [401, 401, 401, 429]


def test_locks_outlive_the_cache(worker: User) -> None:
    fail(worker.email, times=3)
    cache.clear()
    assert sign_in(worker.email).status_code == 429


def test_the_sweep_clears_the_counts_that_have_ended(worker: User, other_worker: User) -> None:
    fail(worker.email)
    let_pass(61)
    sign_in("nobody@nursery.example", "wrong")  # a failure clears old counts too
    fail(worker.email)
    let_pass(59)
    assert AccessAttempt.objects.count() == 2
    assert cleanup.delete_expired()["sign_in_failures"] == 0
    let_pass(2)
    assert cleanup.delete_expired()["sign_in_failures"] == 2


def test_a_count_keeps_nothing_of_what_the_client_sent_but_who_it_asked_for(worker: User) -> None:
    secret = "s3cret-of-a-client"
    form = {"username": worker.email, "password": "wrong-one", "client_secret": secret, "scope": "x" * 5000}
    for agent in ("one", "two"):
        Client().post("/login", form, headers={"User-Agent": agent})
    [row] = AccessAttempt.objects.all()
    kept = f"{row.get_data}{row.post_data}{row.user_agent}{row.http_accept}{row.path_info}"
    assert (row.username, row.failures_since_start) == (worker.email, 2)
    assert len(kept) < 50
    assert secret not in kept


def test_guessing_the_current_password_locks_the_same_pair(bearer: Bearer, worker: User) -> None:
    body = {"current_password": "wrong", "new_password": "another-house-9"}
    statuses = [bearer(worker).post("/api/v1/auth/change-password", body).status_code for _ in range(4)]
    assert statuses == [400, 400, 400, 429]
    assert sign_in(worker.email).status_code == 429


# ── the budget of an address ─────────────────────────────────────────────────────────────────────────
@pytest.fixture
def hashed(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A budget of twenty failures, and the passwords that were hashed."""
    settings.LOGIN_FAILURES_PER_ADDRESS, settings.WEB_PROCESSES = 20, 1
    passwords: list[str] = []
    authenticate = services.authenticate

    def note(attempt: Any, *, username: str, password: str) -> Any:
        passwords.append(password)
        return authenticate(attempt, username=username, password=password)

    monkeypatch.setattr(services, "authenticate", note)
    return passwords


def invent(times: int, **options: Any) -> list[int]:
    return [fail(f"nobody{number}@nursery.example", **options)[0] for number in range(times)]


def test_invented_accounts_cost_an_address_no_more_hashes_than_its_budget(
    worker: User, hashed: list[str]
) -> None:
    assert invent(25) == [401] * 20 + [429] * 5
    assert len(hashed) == 20
    refused = sign_in(worker.email)
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 600
    assert sign_in(worker.email, address=ELSEWHERE).status_code == 200


def test_the_people_behind_one_address_make_their_mistakes_and_come_in(
    worker: User, other_worker: User, admin: User, hashed: list[str]
) -> None:
    for user in (worker, other_worker, admin):
        assert fail(user.email, times=2) == [401, 401]
        assert [sign_in(user.email).status_code for _ in range(30)] == [200] * 30


def test_a_browser_that_is_known_comes_in_where_others_have_spent_the_budget(
    admin: User, hashed: list[str]
) -> None:
    known, new = Client(), Client()
    assert on_the_page(known, admin.email)
    invent(20)
    assert not on_the_page(new, admin.email)
    assert on_the_page(known, admin.email)


def test_no_stranger_spends_the_budget_of_all_behind_a_proxy_that_is_not_trusted(
    worker: User, hashed: list[str]
) -> None:
    assert invent(25, **{"X-Forwarded-For": "203.0.113.5"}) == [401] * 25
    assert sign_in(worker.email, **{"X-Forwarded-For": "203.0.113.6"}).status_code == 200


def test_behind_a_trusted_proxy_each_client_has_its_budget(
    worker: User, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rest_framework.settings.api_settings.NUM_PROXIES", 1)
    assert invent(25, **{"X-Forwarded-For": "203.0.113.5"})[20:] == [429] * 5
    assert sign_in(worker.email, **{"X-Forwarded-For": "203.0.113.6"}).status_code == 200


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────
def on_the_page(browser: Client, email: str, password: str = PASSWORD) -> bool:
    """Whether the form lets in; leaves the browser signed out."""
    is_in = browser.post("/sign-in/", {"username": email, "password": password}).status_code == 302
    browser.post("/sign-out/")
    return is_in


def test_a_browser_that_has_signed_in_before_is_not_locked_out_by_others_at_its_address(admin: User) -> None:
    known, new = Client(), Client()
    assert on_the_page(known, admin.email)
    fail(admin.email, times=20)
    assert not on_the_page(new, admin.email)
    assert on_the_page(known, admin.email)


def test_a_known_browser_has_a_count_of_its_own_and_locks_nobody_else(admin: User) -> None:
    known, new = Client(), Client()
    on_the_page(known, admin.email)
    assert [on_the_page(known, admin.email, "wrong") for _ in range(3)] == [False] * 3
    assert not on_the_page(known, admin.email)
    assert on_the_page(new, admin.email)


def test_a_browser_is_known_for_its_own_account_alone(admin: User, worker: User) -> None:
    browser = Client()
    on_the_page(browser, worker.email)
    fail(admin.email, times=3)
    assert not on_the_page(browser, admin.email)


def test_a_made_up_cookie_makes_no_known_browser(admin: User) -> None:
    browser = Client()
    browser.cookies["known_device"] = f"{admin.pk}:abc:made-up"
    fail(admin.email, times=3)
    assert not on_the_page(browser, admin.email)
