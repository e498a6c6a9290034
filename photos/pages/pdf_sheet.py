"""One count on a sheet of paper: the picture with its marks, the numbers, the stock and where they come from.

Nothing is decoded: a PDF takes a JPEG as it is, and the marks are drawn by whoever opens it. Import this where it is
used: the library takes a second to load, and few requests need it.
"""

from io import BytesIO
from typing import Any, Final

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import escape
from django.utils.translation import gettext as _
from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

from photos.models import ProcessingSession
from photos.pages.numbers import Number, numbers_of
from photos.pages.pdf_picture import picture_of
from photos.warning_texts import reason_texts, warnings_of

rl_config.useA85 = 0  # pictures as they are, not as text a fourth longer
_PICTURE_HEIGHT_MM: Final = 118


def pdf_sheet(session: ProcessingSession) -> bytes:
    """The sheet of a finished count as a PDF of one page or more, in the language that is active.

    A picture that the store does not give just now is left out, and the sheet says so.
    """
    styles = _Styles()
    out = BytesIO()
    title = str(session.storage_location or session.image.original_filename)
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=15 * mm,
        rightMargin=15 * mm,
        topMargin=14 * mm,
        bottomMargin=16 * mm,
        title=title,
        author="DemeterAI",
    )
    width = document.width - 12  # pt that the frame of a page keeps free
    parts: list[Flowable] = [
        styles.text(title, "title"),
        styles.text(_subtitle(session), "soft"),
        Spacer(1, 3 * mm),
        picture_of(session, width, _PICTURE_HEIGHT_MM * mm)
        or styles.text(_("The picture cannot be put on this sheet; the numbers are complete."), "soft"),
        Spacer(1, 4 * mm),
        _numbers(session, width, styles),
        *(_warnings(session, styles)),
        Spacer(1, 4 * mm),
        _facts(session, width, styles),
    ]

    def footer(canvas: Any, _document: Any) -> None:
        canvas.setFont("Vera", 7)
        canvas.setFillGray(0.4)
        said = _("Count %(id)s · made on %(day)s") % {
            "id": session.uuid,
            "day": date_format(timezone.localtime(), "SHORT_DATETIME_FORMAT"),
        }
        canvas.drawString(15 * mm, 9 * mm, f"DemeterAI · {said}")

    document.build(parts, onFirstPage=footer, onLaterPages=footer)
    return out.getvalue()


class _Styles:
    """Paragraphs in the fonts of the sheet: they come with the library and know all letters of Spanish."""

    def __init__(self) -> None:
        for name, file in (("Vera", "Vera.ttf"), ("Vera-Bold", "VeraBd.ttf")):
            if name not in pdfmetrics.getRegisteredFontNames():
                pdfmetrics.registerFont(TTFont(name, file))
        plain = ParagraphStyle("plain", fontName="Vera", fontSize=8.5, leading=11.5)
        self._known = {
            "plain": plain,
            "title": ParagraphStyle("title", plain, fontName="Vera-Bold", fontSize=15, leading=19),
            "strong": ParagraphStyle("strong", plain, fontName="Vera-Bold"),
            "soft": ParagraphStyle("soft", plain, fontSize=7.5, leading=10, textColor="#56675e"),
            "number": ParagraphStyle("number", plain, alignment=2),
            "sum": ParagraphStyle("sum", plain, fontName="Vera-Bold", alignment=2),
        }

    def text(self, words: object, style: str = "plain") -> Flowable:
        return Paragraph(escape(str(words)), self._known[style])


def _subtitle(session: ProcessingSession) -> str:
    place = session.storage_location
    where = [place.storage_area.warehouse.name, place.storage_area.name, place.code] if place else []
    return " · ".join([*where, date_format(timezone.localtime(session.image.taken_at), "DATETIME_FORMAT")])


def _numbers(session: ProcessingSession, width: float, styles: _Styles) -> Flowable:
    rows = [
        [
            styles.text(line.label, "strong" if line.is_sum else "plain"),
            styles.text(_interval(session) if line.code == "total" else line.explanation, "soft"),
            _value(line, styles),
        ]
        for line in numbers_of(session)
    ]
    return _table(rows, [width * 0.24, width * 0.6, width * 0.16])


def _interval(session: ProcessingSession) -> str:
    if session.interval is None:
        return ""
    low, high = (_written(end) for end in session.interval)
    said = _("Between %(low)s and %(high)s 90 times in 100.") % {"low": low, "high": high}
    reasons = ", ".join(reason_texts(session.interval_reasons))
    why = _("Not more closely, because %(reasons)s.") % {"reasons": reasons} if reasons else ""
    return f"{said} {why}"


def _value(line: Number, styles: _Styles) -> Flowable:
    text = "—" if line.value is None else f"{line.sign} {_written(line.value)}"
    return styles.text(text, "sum" if line.is_sum else "number")


def _warnings(session: ProcessingSession, styles: _Styles) -> list[Flowable]:
    return [
        styles.text(f"{warning['title']}. {warning['advice']}", "soft") for warning in warnings_of(session)
    ]


def _facts(session: ProcessingSession, width: float, styles: _Styles) -> Flowable:
    image, gps = session.image, session.image.gps_coordinates
    camera = " ".join(filter(None, (image.exif.get("camera_make"), image.exif.get("camera_model"))))
    models = ", ".join(f"{model['name']} {model['sha256'][:12]}" for model in session.model_versions.values())
    validated = ""
    if session.validated and session.validation_date:
        day = date_format(timezone.localtime(session.validation_date), "SHORT_DATETIME_FORMAT")
        validated = f"{session.validated_by} · {day}"
    facts = {
        _("Product"): session.product,
        _("Pot"): session.packaging,
        _("Booking"): session.get_booking_state_display(),
        _("Validated"): validated,
        _("File"): f"{image.original_filename} · {image.width_px} × {image.height_px}",
        _("Uploaded"): f"{image.uploaded_by} · "
        + date_format(timezone.localtime(image.uploaded_at), "SHORT_DATETIME_FORMAT"),
        _("Camera"): camera,
        _("Position"): f"{gps['lat']:.6f}, {gps['lon']:.6f}" if gps else "",
        _("Models"): models,
    }
    rows = [[styles.text(name, "soft"), styles.text(value)] for name, value in facts.items() if value]
    return _table(rows, [width * 0.24, width * 0.76])


def _table(rows: list[list[Any]], widths: list[float]) -> Flowable:
    line = ("LINEBELOW", (0, 0), (-1, -1), 0.4, "#dedfd3")
    padding = [(side, (0, 0), (-1, -1), 1.5) for side in ("TOPPADDING", "BOTTOMPADDING")]
    edges = [(side, (0, 0), (-1, -1), 2) for side in ("LEFTPADDING", "RIGHTPADDING")]
    return Table(rows, colWidths=widths, style=[line, *padding, *edges, ("VALIGN", (0, 0), (-1, -1), "TOP")])


def _written(number: int) -> str:
    return str(number_format(number, force_grouping=True))
