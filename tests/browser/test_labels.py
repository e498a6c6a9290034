"""The sheets as a browser prints them: no label is cut, and a camera reads what each says."""

import io
import re

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from tests.browser.test_pages_in_browser import sign_in
from tests.inventory.factories import StorageAreaFactory, StorageLocationFactory

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

# Labels that reach beyond their sheet, or whose code or letters reach beyond the label.
CUT = """[...document.querySelectorAll(".label:not(.label-used)")].filter((label) => {
  const within = (inner, outer) => inner.left >= outer.left - 1 && inner.right <= outer.right + 1
    && inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;
  const box = (element) => element.getBoundingClientRect();
  return !within(box(label), box(label.parentElement)) || !within(box(label.querySelector("svg")), box(label))
    || !within(box(label.querySelector(".label-text")), box(label));
}).length"""


def test_every_format_prints_whole_labels_that_a_camera_reads(open_page, worker):
    area = StorageAreaFactory()
    # One more than the smallest labels of which a sheet is full.
    claros = [
        StorageLocationFactory(storage_area=area, qr_code=f"CLARO-NAVE-28-S-{n:02d}") for n in range(25)
    ]
    page = open_page(f"/places/labels/?area={area.pk}")
    sign_in(page, worker)
    for name, sheets in {"70x37": 2, "63x38": 2, "99x67": 4, "105x148": 7, "210x148": 13}.items():
        page.goto(f"/places/labels/?area={area.pk}&format={name}")
        page.emulate_media(media="print", color_scheme="dark")

        assert page.evaluate(CUT) == 0
        read = zxingcpp.read_barcodes(
            np.asarray(Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("L"))
        )
        assert sorted(code.text for code in read) == sorted(claro.qr_code for claro in claros)
        assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == sheets
