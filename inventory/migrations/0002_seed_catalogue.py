"""The catalogue rows that every nursery needs. Names are data, in the language of the nursery."""

from collections.abc import Iterator
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import ProtectedError

# code, name, can be sold, order
STATES = [
    ("SEED", "Semilla", False, 10),
    ("GERMINATING", "En germinación", False, 20),
    ("SEEDLING", "Plántula", False, 30),
    ("JUVENILE", "Juvenil", False, 40),
    ("ADULT", "Adulta", True, 50),
    ("FLOWERING", "En flor", True, 60),
    ("FRUITING", "Con fruto", True, 70),
    ("DORMANT", "En reposo", True, 80),
    ("PROPAGATING", "En propagación", False, 90),
    ("DYING", "En decaimiento", False, 100),
    ("DEAD", "Muerta", False, 110),
]

# code, name, from and up to height in cm, order
SIZES = [
    ("XS", "Muy chica", 0, 5, 10),
    ("S", "Chica", 5, 10, 20),
    ("M", "Mediana", 10, 20, 30),
    ("L", "Grande", 20, 40, 40),
    ("XL", "Muy grande", 40, 80, 50),
    ("XXL", "Enorme", 80, None, 60),
    ("CUSTOM", "A medida", None, None, 70),
]

# code, name
CATEGORIES = [
    ("CACTUS", "Cactus"),
    ("SUCCULENT", "Suculentas"),
    ("AGAVE", "Agaves"),
    ("GRAFT", "Injertos"),
    ("STONE", "Piedra"),
    ("BROMELIAD", "Bromelias"),
    ("CARNIVOROUS", "Carnívoras"),
    ("ORCHID", "Orquídeas"),
    ("FERN", "Helechos"),
    ("TROPICAL", "Tropicales"),
    ("HERB", "Aromáticas"),
]

# SEGMENT, BOX, PLUG and SEEDLING_TRAY stand for what photos show without saying which tray or crate it is.
BIN_TYPES: list[dict[str, Any]] = [
    {"code": "SEGMENT", "name": "Segmento de cantero", "category": "segment"},
    {
        "code": "BOX",
        "name": "Cajón",
        "category": "box",
        "capacity": 100,
        "length_cm": 60,
        "width_cm": 40,
        "height_cm": 30,
    },
    {"code": "PLUG", "name": "Bandeja de plugs", "category": "plug"},
    {"code": "SEEDLING_TRAY", "name": "Almácigo", "category": "seedling_tray"},
    {
        "code": "PLUG_288",
        "name": "Bandeja de 288 celdas",
        "category": "plug",
        "is_grid": True,
        "rows": 18,
        "columns": 16,
        "capacity": 288,
        "length_cm": 54,
        "width_cm": 27.5,
    },
    {
        "code": "PLUG_128",
        "name": "Bandeja de 128 celdas",
        "category": "plug",
        "is_grid": True,
        "rows": 8,
        "columns": 16,
        "capacity": 128,
        "length_cm": 54,
        "width_cm": 27.5,
    },
    {
        "code": "PLUG_72",
        "name": "Bandeja de 72 celdas",
        "category": "plug",
        "is_grid": True,
        "rows": 6,
        "columns": 12,
        "capacity": 72,
        "length_cm": 54,
        "width_cm": 27.5,
    },
    {
        "code": "SEEDLING_TRAY_50",
        "name": "Almácigo de 50 celdas",
        "category": "seedling_tray",
        "is_grid": True,
        "rows": 5,
        "columns": 10,
        "capacity": 50,
    },
    {
        "code": "POT_10",
        "name": "Maceta de 10 cm",
        "category": "pot",
        "capacity": 1,
        "length_cm": 10,
        "width_cm": 10,
        "height_cm": 10,
    },
]


def rows() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(model name, code, other fields) of every row."""
    for code, name, is_sellable, order in STATES:
        yield "ProductState", code, {"name": name, "is_sellable": is_sellable, "sort_order": order}
    for code, name, low, high, order in SIZES:
        heights = {"min_height_cm": low, "max_height_cm": high}
        yield "ProductSize", code, {"name": name, "sort_order": order, **heights}
    for code, name in CATEGORIES:
        yield "ProductCategory", code, {"name": name}
    for bin_type in BIN_TYPES:
        yield "StorageBinType", bin_type["code"], {k: v for k, v in bin_type.items() if k != "code"}


def seed(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for model, code, fields in rows():
        # A row that a person has renamed since stays as it is.
        apps.get_model("inventory", model).objects.get_or_create(code=code, defaults=fields)


def unseed(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for model, code, _fields in rows():
        try:
            apps.get_model("inventory", model).objects.filter(code=code).delete()
        except ProtectedError:
            continue  # in use: it belongs to the nursery by now


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial")]

    operations = [migrations.RunPython(seed, unseed)]
