"""`manage.py createsuperuser` obeys the password rules, however it is asked."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from demeter.demo.accounts import ACCOUNTS, load_accounts
from tests.conftest import PASSWORD

EMAIL = "ana@nursery.example"


def create(**options: Any) -> None:
    with translation.override("en"):
        call_command("createsuperuser", email=EMAIL, name="Ana", verbosity=0, **options)


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("k7", id="too short"),
        pytest.param("password1", id="too common"),
        pytest.param(EMAIL, id="the e-mail"),
        pytest.param("", id="empty"),
    ],
)
def test_without_input_a_weak_password_is_refused(
    db: None, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", password)
    with pytest.raises(CommandError, match="password"):
        create(interactive=False)
    assert not User.objects.filter(email=EMAIL).exists()


def test_with_input_the_rules_cannot_be_waved_away(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda prompt="": "password1")
    monkeypatch.setattr("builtins.input", lambda prompt: "y")  # "Bypass password validation …?"
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    with pytest.raises(CommandError, match="common"):
        create(interactive=True)
    assert not User.objects.filter(email=EMAIL).exists()


def test_a_good_password_makes_an_administrator(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    create(interactive=False)
    user = User.objects.get(email=EMAIL)
    assert (user.role, user.is_approved, user.check_password(PASSWORD)) == (Role.ADMIN, True, True)


def test_the_demo_accounts_are_exempt(db: None) -> None:
    load_accounts()
    assert all(User.objects.get(email=a.email).check_password(a.password) for a in ACCOUNTS)
