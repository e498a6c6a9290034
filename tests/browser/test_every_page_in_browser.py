"""What holds for every page in a browser: readable for everybody, as wide as the window, no complaint, no foreign host.

The pages come from the URL configuration (tests/support/pages.py). One browser opens them one after the other, on a
phone in light colours and then as wide as a desk in dark ones: colours do not depend on the width.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from django.conf import settings
from django.contrib.admin import site
from django.test import Client, RequestFactory
from django.urls import reverse
from playwright.sync_api import Browser, Page

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from tests.support.chromium import PATIENCE_MS
from tests.support.pages import Visit, build_nursery, visits

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
# Of axe's answer what a person needs to find the fault.
FAULTS_IN = """async (part) => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"];
  const found = await axe.run(part, {runOnly: tags, resultTypes: ["violations"]});
  return found.violations.flatMap(({id, nodes}) => nodes.slice(0, 3).map((node) =>
    `${id}: ${node.target.join(" ")} ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ""}`));
}"""
FAULTS = f"async () => await ({FAULTS_IN})(document)"
FAULTS_OF_DIALOGS = f"""async () => {{
  const faults = [];
  for (const dialog of document.querySelectorAll("dialog:not([open])")) {{
    dialog.showModal();
    faults.push(...await ({FAULTS_IN})(dialog));
    dialog.close();
  }}
  return faults;
}}"""
FITS = "document.documentElement.scrollWidth <= window.innerWidth"
LOOKS = ((390, "light"), (1280, "dark"))


def test_every_page_is_accessible_fits_and_asks_nobody_else(browser: Browser, live_server: Any) -> None:
    nursery = build_nursery()
    users = {Role.ADMIN: nursery.admin, Role.WORKER: nursery.worker, None: None}
    pages = {role: _page_of(browser, live_server.url, user) for role, user in users.items()}

    faults = [
        f"{visit.role} {visit.path}: {fault}"
        for visit in visits(nursery)
        for fault in _faults_of(pages[visit.role], visit, live_server.url)
    ]

    assert faults == [], "\n" + "\n".join(faults)


def test_every_form_of_the_administration_is_accessible_and_fits(browser: Browser, live_server: Any) -> None:
    """Of each model that the administration knows, its form for a new row, and that of a row where there is one."""
    nursery = build_nursery()
    page = _page_of(browser, live_server.url, nursery.admin)
    forms = list(_admin_forms(nursery.admin))
    assert {visit.name.rpartition("_")[2] for visit in forms} == {"add", "change"}

    faults = [
        f"{visit.path}: {fault}" for visit in forms for fault in _faults_of(page, visit, live_server.url)
    ]

    assert faults == [], "\n" + "\n".join(faults)


def _admin_forms(admin: User) -> Iterator[Visit]:
    request = RequestFactory().get("/admin/")
    request.user = admin
    for model, model_admin in site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        if model_admin.has_add_permission(request):
            yield Visit(f"{name}_add", reverse(f"{name}_add"))
        row = model_admin.get_queryset(request).first()
        if row is not None and model_admin.has_view_permission(request, row):
            yield Visit(f"{name}_change", reverse(f"{name}_change", args=[row.pk]))


def _page_of(browser: Browser, url: str, user: User | None) -> Page:
    """A page of a browser in which this user has signed in."""
    context = browser.new_context(base_url=url, locale="es-AR")
    context.set_default_timeout(PATIENCE_MS)
    if user is not None:
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])
    return context.new_page()


def _faults_of(page: Page, visit: Visit, url: str) -> list[str]:
    faults: list[str] = []
    listeners = {
        "request": lambda asked: (
            None if asked.url.startswith((url, "data:", "blob:")) else faults.append(f"asks {asked.url}")
        ),
        "console": lambda said: (
            faults.append(said.text)
            if said.type in {"error", "warning"}
            and said.location["url"] not in _expected_failures(visit, url)
            else None
        ),
        "pageerror": lambda error: faults.append(str(error)),
    }
    for event, listener in listeners.items():
        page.on(event, listener)  # type: ignore[call-overload]  # which event is a literal there
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme)
        if (width, scheme) == LOOKS[0]:
            page.goto(visit.path, wait_until="load")
            page.evaluate(AXE)
        if visit.is_foreign:
            page.wait_for_load_state("networkidle")
            continue
        faults += [f"{width} px, {scheme}: {fault}" for fault in page.evaluate(FAULTS)]
        if not page.evaluate(FITS):
            faults.append(f"{width} px: wider than the window")
        faults += [f"{width} px, {scheme}, dialog: {fault}" for fault in page.evaluate(FAULTS_OF_DIALOGS)]
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
    return faults


def _expected_failures(visit: Visit, url: str) -> set[str]:
    """What the browser says of a page that is not there is no fault of the page that says so."""
    return {url + visit.path} if visit.name == "not found" else set()
