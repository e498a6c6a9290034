"""A day in a form or a filter."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

# Filters add a day and convert to UTC; at the ends of the calendar that is no date any more.
_EARLIEST, _LATEST = date(1900, 1, 1), date(2999, 12, 31)


class DateInput(forms.DateInput):
    """The browser's own calendar, which sends and takes ISO dates in every language."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class DayField(forms.DateField):
    """A day of the years 1900 to 2999, in ISO form: what browsers and clients send in every language."""

    def __init__(self, **kwargs: Any) -> None:
        bounds = [MinValueValidator(_EARLIEST), MaxValueValidator(_LATEST)]
        iso = ["%Y-%m-%d"]
        super().__init__(**{"widget": DateInput, "validators": bounds, "input_formats": iso, **kwargs})
