"""The forms of the pages of places."""

from __future__ import annotations

from django import forms
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Shown(TextChoices):
    """What a list of locations is narrowed down to."""

    ALL = "", _("All")
    DUE = "due", _("A photo is due")
    UNCONFIGURED = "unconfigured", _("Not configured")
    STOCKED = "stocked", _("Holds plants")


class PlaceSearchForm(forms.Form):
    """Finding locations by a few letters, or those at which something is left to do."""

    q = forms.CharField(label=_("Code, name or product"), required=False, max_length=100)
    show = forms.ChoiceField(label=_("Show"), required=False, choices=Shown.choices)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # whatever Django's form takes
        self.fields["q"].widget.attrs.update({"type": "search", "autocomplete": "off", "spellcheck": "false"})
