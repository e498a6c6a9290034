"""The forms that say of a place, from one of its photos, what its count lacks."""

from collections.abc import Mapping
from typing import Any, Self

from django import forms
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from inventory.models import (
    PackagingCatalog,
    Product,
    ProductState,
    StorageBinType,
    StorageLocation,
    StorageLocationConfig,
)
from photos.choices import ContainerType
from photos.container_bins import BIN_CATEGORIES
from photos.models import ProcessingSession

_GREATEST = 1_000_000  # of any figure of a density: beyond, a comma was forgotten


class GivenForm(forms.Form):
    """A form that a question repeats: its fields are sent again, hidden, with the decision."""

    @property
    def given(self) -> dict[str, str]:
        """What was sent for each field, as it was sent."""
        data: Mapping[str, Any] = self.data
        return {name: data.get(name, "") for name in self.fields}


class ConfigurationForm(GivenForm):
    """What grows at a place, and in which pot."""

    product = forms.ModelChoiceField(label=_("Product"), queryset=Product.objects.filter(is_active=True))
    expected_product_state = forms.ModelChoiceField(label=_("State"), queryset=ProductState.objects.all())
    packaging = forms.ModelChoiceField(
        label=_("Pot"),
        queryset=PackagingCatalog.objects.filter(is_active=True),
        required=False,
        empty_label=_("without a pot"),
    )

    @classmethod
    def beside(cls, location: StorageLocation) -> Self:
        """An empty form, filled with what most places of the same bed grow now."""
        usual = (
            StorageLocationConfig.objects.running()
            .filter(storage_location__storage_area=location.storage_area_id)
            .order_by()
            .values("product", "expected_product_state", "packaging")
            .annotate(places=Count("pk"))
            .order_by("-places", "product")
            .first()
        )
        return cls(initial=dict(usual or {}), auto_id="configuration_%s")


class DensityForm(GivenForm):
    """How densely plants stand in one kind of container."""

    storage_bin_type = forms.ModelChoiceField(
        label=_("Container type"), queryset=StorageBinType.objects.order_by("name")
    )
    avg_diameter_cm = forms.FloatField(
        label=_("Diameter of a plant (cm)"), min_value=0.1, max_value=_GREATEST, localize=True
    )
    plants_per_m2 = forms.FloatField(
        label=_("Plants per m²"), min_value=0.1, max_value=_GREATEST, localize=True
    )

    @classmethod
    def of(cls, session: ProcessingSession) -> Self:
        """An empty form, filled with the kind of container of a count and the diameter of its pot."""
        kind = session.containers.filter(is_counted=True).values_list("type", flat=True).first()
        categories = BIN_CATEGORIES[ContainerType(kind)] if kind else ()
        fitting = StorageBinType.objects.filter(category__in=categories).order_by("name").first()
        diameter = session.packaging.diameter_cm if session.packaging else None
        return cls(initial={"storage_bin_type": fitting, "avg_diameter_cm": diameter}, auto_id="density_%s")
