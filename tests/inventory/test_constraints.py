"""Every rule of the tables is kept twice: by `full_clean`, with words, and by the database itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, models, transaction
from django.db.models import CheckConstraint

from inventory import models as inventory_models
from tests.inventory import factories
from tests.inventory.factories import square

pytestmark = pytest.mark.django_db

# factory, changes that break the rule, the constraint
BROKEN = [
    (factories.WarehouseFactory, {"code": "n1"}, "warehouses_code_format"),
    (factories.WarehouseFactory, {"code": "N"}, "warehouses_code_format"),
    (factories.WarehouseFactory, {"code": "N1\n"}, "warehouses_code_format"),
    (factories.WarehouseFactory, {"warehouse_type": "castle"}, "warehouses_warehouse_type_known"),
    (factories.StorageAreaFactory, {"code": "N1NORTH"}, "storage_areas_code_format"),
    (factories.StorageAreaFactory, {"position": "X"}, "storage_areas_position_known"),
    (factories.StorageLocationFactory, {"code": "N1-NORTH"}, "storage_locations_code_format"),
    (factories.StorageLocationFactory, {"qr_code": "SHORT"}, "storage_locations_qr_code_format"),
    (factories.StorageLocationFactory, {"qr_code": "CLARO 0001"}, "storage_locations_qr_code_format"),
    (factories.StorageBinFactory, {"code": "N1-NORTH-03"}, "storage_bins_code_format"),
    (factories.StorageBinFactory, {"status": "lost"}, "storage_bins_status_known"),
    (factories.StorageBinFactory, {"source": "rumour"}, "storage_bins_source_known"),
    (factories.StorageBinTypeFactory, {"code": "AB"}, "storage_bin_types_code_format"),
    (factories.StorageBinTypeFactory, {"category": "bucket"}, "storage_bin_types_category_known"),
    (factories.StorageBinTypeFactory, {"is_grid": True}, "storage_bin_types_grid_has_cells"),
    (
        factories.StorageBinTypeFactory,
        {"is_grid": True, "rows": 0, "columns": 5},
        "storage_bin_types_grid_has_cells",
    ),
    (factories.StorageBinTypeFactory, {"capacity": 0}, "storage_bin_types_capacity_positive"),
    (factories.StorageBinTypeFactory, {"width_cm": -1.0}, "storage_bin_types_width_cm_positive"),
    (
        factories.StorageLocationConfigFactory,
        {"area_cm2": -1.0},
        "storage_location_config_area_cm2_not_negative",
    ),
    (factories.ProductCategoryFactory, {"code": "cactus"}, "product_categories_code_format"),
    (factories.ProductFactory, {"sku": "ABC"}, "products_sku_format"),
    (factories.ProductStateFactory, {"sort_order": -1}, "product_states_sort_order_not_negative"),
    (
        factories.ProductSizeFactory,
        {"min_height_cm": 10.0, "max_height_cm": 5.0},
        "product_sizes_heights_in_order",
    ),
    (factories.PackagingTypeFactory, {"code": "po"}, "packaging_types_code_format"),
    (factories.PackagingMaterialFactory, {"code": "a b c"}, "packaging_materials_code_format"),
    (factories.PackagingColorFactory, {"hex_code": "red"}, "packaging_colors_hex_code_format"),
    (factories.PackagingCatalogFactory, {"sku": "pot-r8"}, "packaging_catalog_sku_format"),
    (factories.PackagingCatalogFactory, {"diameter_cm": -1}, "packaging_catalog_diameter_cm_not_negative"),
    (factories.DensityParameterFactory, {"plants_per_m2": 0.0}, "density_parameters_plants_per_m2_positive"),
    (
        factories.DensityParameterFactory,
        {"overlap_adjustment_factor": 1.1},
        "density_parameters_overlap_in_range",
    ),
    (
        factories.DensityParameterFactory,
        {"overlap_adjustment_factor": 0.0},
        "density_parameters_overlap_in_range",
    ),
    (factories.StockBatchFactory, {"batch_code": "loc1"}, "stock_batches_batch_code_format"),
    (factories.StockBatchFactory, {"quantity_current": -1}, "stock_batches_quantity_current_not_negative"),
    (factories.StockBatchFactory, {"quality_score": 5.1}, "stock_batches_quality_in_range"),
]


@pytest.mark.parametrize(
    ("factory", "changes", "name"), [pytest.param(*case, id=f"{case[2]} {case[1]}") for case in BROKEN]
)
def test_a_row_that_breaks_a_rule_is_refused_by_the_form_and_by_the_database(factory, changes, name):
    row = factory()
    row.full_clean()  # so that only the change is at fault
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(**changes)
    for field, value in changes.items():
        setattr(row, field, value)
    with pytest.raises(ValidationError):
        row.full_clean()


def test_a_code_that_is_too_long_is_refused_by_the_form_and_by_the_database():
    location = factories.StorageLocationFactory()
    location.code = "N1-N-" + "A" * 46  # 51 characters
    with pytest.raises(ValidationError):
        location.full_clean()
    # SQLite knows no lengths, so there the format says it; PostgreSQL's column is too short before that.
    with pytest.raises(DatabaseError), transaction.atomic():
        type(location).objects.filter(pk=location.pk).update(code=location.code)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        pytest.param({"bbox_min_lon": 10.0}, "bbox_in_order", id="west of its own west"),
        pytest.param({"bbox_max_lat": 91.0}, "bbox_on_earth", id="beyond the pole"),
        pytest.param({"area_m2": 0.0}, "area_m2_positive", id="no area"),
    ],
)
def test_the_database_refuses_a_derived_column_that_no_outline_can_have(changes, name):
    location = factories.StorageLocationFactory()
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        type(location).objects.filter(pk=location.pk).update(**changes)


# factory, the fields in which a second row may not equal the first
UNIQUE = [
    (factories.WarehouseFactory, ["code"]),
    (factories.StorageAreaFactory, ["code"]),
    (factories.StorageLocationFactory, ["code"]),
    (factories.StorageLocationFactory, ["qr_code"]),
    (factories.StorageBinFactory, ["code"]),
    (factories.StorageBinTypeFactory, ["code"]),
    (factories.StorageLocationConfigFactory, ["storage_location"]),
    (factories.ProductCategoryFactory, ["code"]),
    (factories.ProductFamilyFactory, ["category", "name"]),
    (factories.ProductFactory, ["sku"]),
    (factories.ProductStateFactory, ["code"]),
    (factories.ProductSizeFactory, ["code"]),
    (factories.PackagingTypeFactory, ["code"]),
    (factories.PackagingMaterialFactory, ["code"]),
    (factories.PackagingColorFactory, ["name"]),
    (factories.PackagingCatalogFactory, ["sku"]),
    (factories.PackagingCatalogFactory, ["packaging_type", "material", "color"]),
    (factories.DensityParameterFactory, ["storage_bin_type", "product"]),
    (factories.StockBatchFactory, ["batch_code"]),
]


@pytest.mark.parametrize(
    ("factory", "fields"),
    [pytest.param(*case, id=f"{case[0]._meta.model.__name__} {case[1]}") for case in UNIQUE],
)
def test_a_second_row_like_the_first_is_refused_by_the_form_and_by_the_database(factory, fields):
    first, second = factory(), factory()
    same = {field: getattr(first, field) for field in fields}
    with pytest.raises(IntegrityError), transaction.atomic():
        type(second).objects.filter(pk=second.pk).update(**same)
    for field, value in same.items():
        setattr(second, field, value)
    with pytest.raises(ValidationError):
        second.full_clean()


def test_two_ended_configurations_of_one_location_are_history_and_allowed():
    location = factories.StorageLocationFactory()
    ended = [
        factories.StorageLocationConfigFactory(storage_location=location, is_active=False) for _ in range(2)
    ]
    running = factories.StorageLocationConfigFactory(storage_location=location)
    assert list(location.configs.running()) == [running]
    assert all(config.ended_at is not None for config in ended)


def test_a_density_for_any_packaging_stands_beside_one_for_a_packaging_and_comes_after_it():
    general = factories.DensityParameterFactory()
    packaging = factories.PackagingCatalogFactory()
    own = factories.DensityParameterFactory(
        storage_bin_type=general.storage_bin_type, product=general.product, packaging=packaging
    )
    fitting = inventory_models.DensityParameter.objects.for_product_and_packaging(general.product, packaging)
    assert list(fitting) == [own, general]


def test_a_location_has_one_bin_of_a_type_for_photos_and_as_many_by_hand_as_there_are():
    by_hand = factories.StorageBinFactory()
    same: dict[str, Any] = {
        "storage_location": by_hand.storage_location,
        "storage_bin_type": by_hand.storage_bin_type,
    }
    factories.StorageBinFactory(**same)
    factories.StorageBinFactory(**same, source="photo", status="retired")
    factories.StorageBinFactory(**same, source="photo")
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.StorageBinFactory(**same, source="photo")


def test_a_retired_container_stays_retired():
    retired = factories.StorageBinFactory(status="retired")
    retired.status = "active"
    with pytest.raises(ValidationError) as refusal:
        retired.full_clean()
    assert refusal.value.error_dict["status"][0].code == "retired_is_final"


def test_saving_a_location_derives_its_box_centre_and_area_from_the_outline():
    location = factories.StorageLocationFactory(polygon=square(0, 0, 10))
    assert location.area_m2 == pytest.approx(100, abs=0.05)
    location.polygon = square(0, 0, 20)
    location.save(update_fields=["polygon"])
    location.refresh_from_db()
    assert location.area_m2 == pytest.approx(400, abs=0.1)
    assert location.bbox_min_lon < location.centroid_lon < location.bbox_max_lon


def test_a_location_outside_its_area_is_refused():
    location = factories.StorageLocationFactory.build(
        storage_area=factories.StorageAreaFactory(), polygon=square(500, 0)
    )
    with pytest.raises(ValidationError) as refusal:
        location.full_clean()
    assert refusal.value.error_dict["polygon"][0].code == "outside_parent"


def test_an_area_cannot_shrink_away_from_its_locations():
    location = factories.StorageLocationFactory(polygon=square(180, 180))
    area = location.storage_area
    area.polygon = square(5, 5, 100)
    with pytest.raises(ValidationError) as refusal:
        area.full_clean()
    assert refusal.value.error_dict["polygon"][0].code == "children_outside"
    assert location.code in str(refusal.value)


def test_an_outline_that_is_no_polygon_is_one_error_of_its_field():
    location = factories.StorageLocationFactory()
    location.polygon = {"type": "Point", "coordinates": [0, 0]}
    with pytest.raises(ValidationError) as refusal:
        location.full_clean()
    assert list(refusal.value.error_dict) == ["polygon"]


def test_a_batch_stands_in_a_container_of_its_own_location():
    batch = factories.StockBatchFactory()
    batch.current_storage_bin = factories.StorageBinFactory()
    with pytest.raises(ValidationError) as refusal:
        batch.full_clean()
    assert refusal.value.error_dict["current_storage_bin"][0].code == "bin_elsewhere"


def test_the_volume_of_a_pot_is_three_quarters_of_its_cylinder():
    pot = factories.PackagingCatalogFactory(diameter_cm=10, height_cm=10)
    pot.refresh_from_db()
    assert float(pot.volume_l) == 0.589  # 0.75 × π × 5² × 10 cm³ = 589.05 cm³


def test_every_constraint_is_named_after_its_table_and_says_what_is_wrong():
    constraints = [
        (model._meta.db_table, constraint)
        for model in vars(inventory_models).values()
        if isinstance(model, type) and issubclass(model, models.Model)
        for constraint in model._meta.constraints
    ]
    assert len(constraints) > 60
    wrongly_named = [c.name for table, c in constraints if not c.name.startswith(f"{table}_")]
    wordless = [
        c.name
        for _, c in constraints
        if c.violation_error_message == CheckConstraint.default_violation_error_message
    ]
    assert (wrongly_named, wordless) == ([], [])
