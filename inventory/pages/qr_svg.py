"""QR codes of places as SVG."""

from __future__ import annotations

import segno
from django.utils.safestring import SafeString, mark_safe


def qr_svg(text: str) -> SafeString:
    """A QR code as an `svg` element as large as its box, black on white, with the quiet zone of four modules.

    Error correction Q: a fourth of the code may be dirty or torn. The text is kept in capitals, digits and hyphens, so
    that codes stay small, and their modules large enough to be read from some metres away.
    """
    code = segno.make_qr(text, error="q")
    svg = code.svg_inline(border=4, omitsize=True, svgclass="qr", lineclass=None, light="#fff")
    return mark_safe(svg)  # noqa: S308 - made by the library out of modules; the text is not in it
