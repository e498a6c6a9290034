"""A device that several people share: what one of them has done is never taken in under the name of another."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from demeter.accounts.models import User
from photos.models import Correction, ResumableUpload, UploadJob
from tests.browser.test_corrector import FREE_SPOT, expect_saved, living, open_corrector, tap
from tests.browser.test_pages_in_browser import sign_in
from tests.browser.test_upload_page import (
    choose,
    file,
    has_service_worker,
    open_upload,
    proxy,  # noqa: F401 - a fixture
    send,
    sign_in_again,
    states,
)
from tests.inventory.factories import StorageLocationConfigFactory
from tests.photos.count_builders import count_photo, store_photo

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def change_person(page: Page, user: User) -> Page:
    """In another tab of the same browser, whoever is signed in signs out, and another person signs in."""
    tab = page.context.new_page()
    tab.goto("/photos/")
    tab.get_by_role("button", name="Salir").click()
    sign_in(tab, user)
    return tab


def open_kept_page(page: Page, proxy: Any) -> None:  # noqa: F811 - the same fixture
    """The page that the browser keeps, without a connection."""
    page.context.set_offline(True)
    proxy.mode = "refuses"
    page.goto("/uploads/")
    expect(page.locator("[data-upload][data-ready]")).to_have_count(1)
    expect(page.locator("[data-offline]")).to_be_visible()


def sign_out(page: Page, _user: User) -> None:
    page.get_by_role("button", name="Salir").click()


def sign_out_of_administration(page: Page, user: User) -> None:
    page.goto("/admin/")
    page.get_by_text(user.email).last.click()
    page.locator("#logout-form button").click()


def sent_after_sign_out(
    open_page: Any,
    user: User,
    proxy: Any,  # noqa: F811 - the same fixture
    leave: Callable[[Page, User], None] = sign_out,
) -> Page:
    """The kept page, without a connection, on which somebody sends a photo after this user has signed out."""
    page = open_upload(open_page, user, base_url=f"http://localhost:{proxy.port}")
    has_service_worker(page)
    leave(page, user)
    expect(page.get_by_label("Contraseña")).to_be_visible()
    open_kept_page(page, proxy)
    choose(page, file(1))
    send(page)
    states(page).to_have_text(["Espera conexión"])
    return page


def test_the_page_of_one_person_sends_nothing_while_another_is_signed_in(open_page, worker, other_worker):
    page = open_upload(open_page, worker)
    choose(page, file(1))
    states(page).to_have_text(["Elegida"])
    tab = change_person(page, other_worker)
    send(page)
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.locator(".upload-item")).to_have_count(1)
    assert not ResumableUpload.objects.exists()
    tab.goto("/uploads/")
    expect(tab.locator("[data-upload][data-ready]")).to_have_count(1)
    expect(tab.locator(".upload-item")).to_have_count(0)

    sign_in_again(page, worker)
    states(page).to_have_text(["Llegó: se está contando"])
    assert UploadJob.objects.get().upload_session.user == worker


def test_corrections_of_one_person_are_not_saved_under_the_name_of_another(open_page, worker, supervisor):
    session = count_photo(store_photo(worker), StorageLocationConfigFactory().storage_location)
    page = open_corrector(open_page, session, worker, requests_fail=True)
    tab = change_person(page, supervisor)
    tap(page, FREE_SPOT)
    expect(page.locator("[data-sign-in]")).to_be_visible()
    assert not Correction.objects.exists()

    tab.get_by_role("button", name="Salir").click()
    sign_in(tab, worker)
    expect_saved(page)
    living(page).to_have_text("4")
    assert Correction.objects.get().user == worker


def test_what_is_chosen_without_a_connection_once_one_has_left_is_of_whoever_signs_in_next(
    open_page,
    worker,
    other_worker,
    proxy,  # noqa: F811 - the same fixture
):
    page = sent_after_sign_out(open_page, worker, proxy)
    page.reload()
    states(page).to_have_text(["Espera conexión"])

    proxy.mode = "passes"
    page.context.set_offline(False)
    expect(page.get_by_role("dialog")).to_be_visible()
    assert not ResumableUpload.objects.exists()
    choose(page, file(2))
    states(page).to_have_text(["Espera su turno", "Elegida"])
    sign_in_again(page, other_worker)
    expect(page.get_by_role("dialog")).to_be_hidden()
    states(page).to_have_text(["Llegó: se está contando", "Elegida"])
    assert UploadJob.objects.get().upload_session.user == other_worker

    page.goto("/uploads/")
    states(page).to_have_text(["Elegida"])  # written down as theirs
    page.get_by_role("button", name="Salir").click()
    sign_in(page, worker)
    page.goto("/uploads/")
    expect(page.locator("[data-upload][data-ready]")).to_have_count(1)
    expect(page.locator(".upload-item")).to_have_count(0)


def test_what_nobody_was_known_to_have_sent_waits_for_the_word_of_whoever_comes_next(
    open_page,
    worker,
    other_worker,
    proxy,  # noqa: F811 - the same fixture
):
    page = sent_after_sign_out(open_page, worker, proxy)
    page.goto("about:blank")

    proxy.mode = "passes"
    page.context.set_offline(False)
    page.goto("/sign-in/?next=/photos/")
    sign_in(page, other_worker)
    expect(page.locator("[data-photos-wait]")).to_contain_text("Fotos que esperan en este dispositivo: 1")
    page.get_by_role("link", name="Mandarlas").click()
    states(page).to_have_text(["En pausa"])
    assert not ResumableUpload.objects.exists()
    page.get_by_role("button", name="Seguir: claro_1.jpg").click()
    states(page).to_have_text(["Llegó: se está contando"])
    assert UploadJob.objects.get().upload_session.user == other_worker


def test_whoever_signs_out_in_the_administration_leaves_nothing_to_the_kept_page_either(
    open_page,
    supervisor,
    worker,
    proxy,  # noqa: F811 - the same fixture
):
    page = sent_after_sign_out(open_page, supervisor, proxy, leave=sign_out_of_administration)
    proxy.mode = "passes"
    page.context.set_offline(False)
    expect(page.get_by_role("dialog")).to_be_visible()
    sign_in_again(page, worker)
    states(page).to_have_text(["Llegó: se está contando"])
    assert UploadJob.objects.get().upload_session.user == worker
