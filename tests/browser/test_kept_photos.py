"""What the upload page keeps in the browser of photos that are not at the server yet, and what it does not keep."""

import pytest
from playwright.sync_api import expect

from photos.models import UploadJob
from tests.browser.test_upload_page import choose, file, open_upload, send, states

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

# The SHA-256 of one file is computed only when `letHash` is called, as of a large one.
HOLD_HASH_OF_SECOND = """() => {
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message) {
    if (message.file.name === "claro_2.jpg") window.letHash = () => post.call(this, message);
    else post.call(this, message);
  };
}"""

# What is written down is heard of only when `letKeep` is called, as on a slow disk.
HOLD_KEEPING = """() => {
  const put = IDBObjectStore.prototype.put;
  const may = new Promise((done) => { window.letKeep = done; });
  IDBObjectStore.prototype.put = function (row) {
    const request = put.call(this, row);
    return { addEventListener: (name, hear) => request.addEventListener(name, () => may.then(hear)) };
  };
}"""


def test_what_has_arrived_while_another_was_still_read_is_not_sent_again(open_page, worker):
    page = open_upload(open_page, worker)
    page.evaluate(HOLD_HASH_OF_SECOND)
    choose(page, file(1), file(2))
    states(page).to_have_text(["Elegida"] * 2)
    send(page)
    states(page).to_have_text(["Llegó: se está contando", "Se está mandando"])
    page.evaluate("window.letHash()")
    states(page).to_have_text(["Llegó: se está contando"] * 2)

    page.reload()
    expect(page.locator("[data-upload][data-ready]")).to_have_count(1)
    expect(page.locator(".upload-item")).to_have_count(0)


def test_what_is_taken_out_while_the_others_are_sent_is_not_sent(open_page, worker):
    page = open_upload(open_page, worker)
    choose(page, file(1), file(2))
    states(page).to_have_text(["Elegida"] * 2)
    page.evaluate(HOLD_KEEPING)
    send(page)
    page.get_by_role("button", name="Quitar: claro_2.jpg").click()
    page.evaluate("window.letKeep()")
    states(page).to_have_text(["Llegó: se está contando"])

    page.reload()
    expect(page.locator("[data-upload][data-ready]")).to_have_count(1)
    expect(page.locator(".upload-item")).to_have_count(0)
    assert [job.filename for job in UploadJob.objects.all()] == ["claro_1.jpg"]
