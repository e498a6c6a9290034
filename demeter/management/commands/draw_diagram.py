"""`manage.py draw_diagram`: docs/FLOW_DIAGRAM.png from its Mermaid source, drawn by the Chromium of this machine."""

import hashlib
import io
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from demeter.chromium import HOW_TO_INSTALL, find_chromium
from demeter.npm import run_npm

MERMAID: Final = "mermaid@11.17.2"
SCRIPT_IN_PACKAGE: Final = "package/dist/mermaid.min.js"
SOURCE_KEY: Final = "Source-SHA256"  # text chunk of the PNG: which source it was drawn from
WIDTH_PX: Final = 1400
PIXELS_A_POINT: Final = 2
COLOURS: Final = 128  # of the palette: a third of the bytes, and nobody sees a difference
DRAW: Final = """
async (source) => {
  mermaid.initialize({startOnLoad: false, theme: "neutral", fontFamily: "sans-serif"});
  const drawn = await mermaid.render("drawn", source);
  document.querySelector("#diagram").innerHTML = drawn.svg;
}
"""
PAGE: Final = (
    '<body style="margin: 0; background: white"><div id="diagram" style="padding: 16px"></div></body>'
)


def _docs() -> Path:
    return Path(settings.BASE_DIR) / "docs"


class Command(BaseCommand):
    """Fetches Mermaid by npm, has the browser draw the source, and writes the picture beside it."""

    help = "Draw docs/FLOW_DIAGRAM.png from docs/flow_diagram.mmd."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        source = (_docs() / "flow_diagram.mmd").read_text()
        with tempfile.TemporaryDirectory(prefix="demeter-diagram-") as folder:
            drawn = _draw(source, _mermaid_script(Path(folder)))
        notes = PngInfo()
        notes.add_text(SOURCE_KEY, hashlib.sha256(source.encode()).hexdigest())
        picture = Image.open(io.BytesIO(drawn)).convert("RGB").quantize(COLOURS)
        file = _docs() / "FLOW_DIAGRAM.png"
        picture.save(file, pnginfo=notes, optimize=True)
        self.stdout.write(f"{file.name}: {picture.width} × {picture.height} px")


def _mermaid_script(folder: Path) -> Path:
    """Mermaid's script out of its npm package, which npm checks. Raises CommandError without npm or the package."""
    run_npm("pack", MERMAID, "--silent", folder=folder)
    with tarfile.open(next(folder.glob("*.tgz"))) as package:
        content = package.extractfile(SCRIPT_IN_PACKAGE)
        if content is None:
            raise CommandError(f"{MERMAID} has no {SCRIPT_IN_PACKAGE}")
        script = folder / "mermaid.min.js"
        script.write_bytes(content.read())
    return script


def _draw(source: str, script: Path) -> bytes:
    """The diagram as PNG. Raises CommandError without a browser, or for a source that Mermaid does not understand."""
    from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - a tool of developers, not of the product

    chromium = find_chromium()
    if chromium is None:
        raise CommandError(f"There is no Chromium or Chrome. To install one: {HOW_TO_INSTALL}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        page = browser.new_page(
            viewport={"width": WIDTH_PX, "height": 800}, device_scale_factor=PIXELS_A_POINT
        )
        page.set_content(PAGE)
        page.add_script_tag(path=script)
        try:
            page.evaluate(DRAW, source)
        except Error as error:
            raise CommandError(f"Mermaid: {error}") from error
        drawn = page.locator("#diagram").screenshot()
        browser.close()
    return drawn
