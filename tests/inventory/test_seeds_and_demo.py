"""The rows that migrations and the demo bring along are valid by the tables' own rules."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps

from inventory.choices import BinCategory
from inventory.demo import UNCONFIGURED, load_demo_nursery
from inventory.models import (
    DensityParameter,
    PackagingCatalog,
    Product,
    ProductCategory,
    ProductSize,
    ProductState,
    StorageArea,
    StorageBinType,
    StorageLocation,
    StorageLocationConfig,
    Warehouse,
)
from inventory.services.places import find_locations
from tests.inventory import factories

pytestmark = pytest.mark.django_db

seeds = importlib.import_module("inventory.migrations.0002_seed_catalogue")
SEEDED = [ProductState, ProductSize, ProductCategory, StorageBinType]
DEMO = [
    Warehouse,
    StorageArea,
    StorageLocation,
    StorageLocationConfig,
    Product,
    PackagingCatalog,
    DensityParameter,
]


def counts(models):
    return {model.__name__: model.objects.count() for model in models}


@pytest.mark.parametrize("model", SEEDED)
def test_every_seeded_row_is_valid_by_its_own_rules(model):
    rows = list(model.objects.all())
    for row in rows:
        row.full_clean()
    assert len(rows) >= 7


def test_photos_find_a_generic_container_type_for_each_class_they_know():
    found = dict(
        StorageBinType.objects.filter(code__in=["SEGMENT", "BOX", "PLUG"]).values_list("code", "category")
    )
    assert found == {"SEGMENT": BinCategory.SEGMENT, "BOX": BinCategory.BOX, "PLUG": BinCategory.PLUG}


def test_the_cells_of_a_seeded_tray_make_its_capacity():
    trays = list(StorageBinType.objects.filter(is_grid=True))
    assert {tray.code: tray.rows * tray.columns for tray in trays} == {t.code: t.capacity for t in trays}
    assert len(trays) == 4


def test_only_grown_plants_can_be_sold():
    sellable = ProductState.objects.filter(is_sellable=True).values_list("code", flat=True)
    assert list(sellable) == ["ADULT", "FLOWERING", "FRUITING", "DORMANT"]


def test_seeding_again_keeps_what_a_person_has_changed():
    before = counts(SEEDED)
    ProductState.objects.filter(code="ADULT").update(name="Lista")
    seeds.seed(apps, None)
    assert counts(SEEDED) == before
    assert ProductState.objects.get(code="ADULT").name == "Lista"


def test_taking_the_seeds_back_keeps_the_rows_that_are_in_use():
    factories.StorageLocationConfigFactory(expected_product_state=ProductState.objects.get(code="ADULT"))
    seeds.unseed(apps, None)
    assert list(ProductState.objects.filter(code__in=["ADULT", "DEAD"]).values_list("code", flat=True)) == [
        "ADULT"
    ]


def test_the_demo_nursery_loads_twice_and_is_there_once():
    load_demo_nursery()
    first = counts(DEMO)
    load_demo_nursery()
    assert counts(DEMO) == first
    assert first["StorageLocation"] == 17
    assert first["Product"] >= 8


def test_a_phone_in_the_middle_of_a_demo_location_means_that_one_only():
    load_demo_nursery()
    large = list(StorageLocation.objects.filter(area_m2__gt=100))
    meant = [
        [match.location for match in find_locations(place.centroid_lat, place.centroid_lon, 8)]
        for place in large
    ]
    assert meant == [[place] for place in large]
    assert len(large) == 15


def test_the_demo_has_a_pair_that_a_position_cannot_tell_apart():
    load_demo_nursery()
    place = StorageLocation.objects.get(code="T1-S-01")
    matches = find_locations(place.centroid_lat, place.centroid_lon, 3)
    assert [match.location.code for match in matches] == ["T1-S-01", "T1-S-02"]


def test_every_demo_location_but_one_has_a_configuration_with_densities():
    load_demo_nursery()
    without = StorageLocation.objects.exclude(configs__is_active=True)
    assert [location.code for location in without] == [UNCONFIGURED]
    categories = {
        config.storage_location.code: DensityParameter.objects.for_product_and_packaging(
            config.product, config.packaging
        ).count()
        for config in StorageLocationConfig.objects.running().select_related("storage_location")
    }
    assert set(categories.values()) == {3}  # segment, box and plug
