"""Fields and questions that pages, and the administration, ask in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.db import models
from django.utils.translation import gettext as _

from inventory.models import Product

MAX_PLANTS = 1_000_000  # of one product at one place
_MAX_KEY_DIGITS: Final = len(str(models.BigIntegerField.MAX_BIGINT)) - 1


class RowsField(forms.ModelMultipleChoiceField):
    """Several rows by their keys. A number beyond those of keys names none: databases fail to look for it."""

    def clean(self, value: Any) -> Any:
        for number in value or ():
            if len(number) > _MAX_KEY_DIGITS:
                raise forms.ValidationError(
                    self.error_messages["invalid_choice"], code="invalid_choice", params={"value": number}
                )
        return super().clean(value)


class RemainingForm(forms.Form):
    """How many plants of each old product are left at a place. One field a product; the key `gone` says none of any."""

    def __init__(self, held: Mapping[Product, int], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self._products = {f"left_{product.pk}": product for product in held}
        for name, product in self._products.items():
            self.fields[name] = forms.IntegerField(
                label=str(product),
                min_value=0,
                max_value=MAX_PLANTS,
                required=False,
                help_text=_("The books hold %(plants)s.") % {"plants": held[product]},
            )

    @property
    def remaining(self) -> dict[Product, int]:
        """Plants by product, of a valid form; products that nobody has said anything about are left out."""
        if self.data.get("gone"):
            return dict.fromkeys(self._products.values(), 0)
        return {
            product: self.cleaned_data[name]
            for name, product in self._products.items()
            if self.cleaned_data.get(name) is not None
        }
