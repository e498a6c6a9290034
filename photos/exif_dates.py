"""Times as cameras, phones and the programs between write them. EXIF has one form; half of the world has others."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_DATE: Final = r"(?P<year>\d{4})[-/.: ]?(?P<month>\d{1,2})[-/.: ]?(?P<day>\d{1,2})"
_TIME: Final = (
    r"(?P<hour>\d{1,2})[-:.h ]?(?P<minute>\d{1,2})(?:[-:. ]?(?P<second>\d{1,2})(?:[.,](?P<fraction>\d+))?)?"
)
_HALF: Final = r"(?:\s*(?P<half>[AaPp])\.?\s?[Mm]\.?)?"
_OFFSET: Final = r"(?P<utc>Z|z|UTC|GMT)|(?P<sign>[-+])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?"
_TAKEN: Final = re.compile(rf"{_DATE}[T t,_-]+{_TIME}{_HALF}\s*(?P<offset>{_OFFSET})?")
_MAX_OFFSET: Final = timedelta(hours=14)  # of the zones that there are


def parse_date(text: str | None) -> datetime | None:
    """A date and time, year first, with an offset where the text has one; None if it is not that.

    Separators, fractions of a second, one-digit numbers and the twelve-hour clock are taken as they come.
    """
    found = _TAKEN.fullmatch(text or "")
    if found is None:
        return None
    hour = int(found["hour"])
    if found["half"] and 1 <= hour <= 12:
        hour = hour % 12 + 12 * (found["half"] in "Pp")
    microsecond = int((found["fraction"] or "0")[:6].ljust(6, "0"))
    try:
        return datetime(
            int(found["year"]), int(found["month"]), int(found["day"]), hour, int(found["minute"]),
            min(int(found["second"] or 0), 59), microsecond, tzinfo=parse_offset(found["offset"]),
        )  # fmt: skip
    except ValueError:
        return None


def parse_offset(text: str | None) -> timezone | None:
    """An offset from UTC like +02:00 or Z; None if it is not that."""
    found = re.fullmatch(_OFFSET, text or "")
    if found is None:
        return None
    if found["utc"]:
        return UTC
    offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
    if offset > _MAX_OFFSET:
        return None
    return timezone(-offset if found["sign"] == "-" else offset)


def parse_utc(date: str | None, hours: float, minutes: float, seconds: float) -> datetime | None:
    """The time of the satellites, from a date like 2026:10:01 and the hours since midnight; None if it is not that."""
    found = re.fullmatch(_DATE, date or "")
    if found is None or hours >= 24:
        return None
    try:
        day = datetime(int(found["year"]), int(found["month"]), int(found["day"]), tzinfo=UTC)
        return day + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    except (ValueError, OverflowError):
        return None
