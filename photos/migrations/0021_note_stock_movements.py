"""What was counted before knows its movement too. One count at a time, so that nobody waits for millions of rows.

May be interrupted and run again: it leaves out what it has noted.
"""

from collections import defaultdict
from typing import Any

from django.db import migrations
from django.db.models import Value
from django.db.models.functions import Coalesce, NullIf

SHOWN_AS = {"segment": "segment", "pot": "segment", "box": "box", "plug": "plug", "seedling_tray": "plug"}


def note(apps: Any, schema_editor: Any) -> None:
    model = apps.get_model
    booked = model("inventory", "StockMovement").objects.filter(movement_type="foto").order_by("pk")
    for uuid in list(booked.order_by().values_list("session_uuid", flat=True).distinct()):
        for kind, movement in newest_by_kind(booked.filter(session_uuid=uuid)).items():
            containers = (
                model("photos", "PhotoContainer")
                .objects.filter(session__uuid=uuid)
                .annotate(stands_as=Coalesce(NullIf("human_type", Value("")), "type"))
                .filter(stands_as=kind)
            )
            living = model("photos", "Detection").objects.filter(is_alive=True)
            for rows in (living, model("photos", "Estimation").objects.all()):
                rows.filter(container__in=containers, stock_movement=None).update(stock_movement=movement)


def newest_by_kind(movements: Any) -> dict[str, int]:
    """The newest movement on bins of each kind, without those that cancel each other out."""
    rows = movements.annotate(
        category=Coalesce(
            "destination_bin__storage_bin_type__category", "source_bin__storage_bin_type__category"
        )
    ).values_list("pk", "batch_id", "quantity", "category")
    nets: dict[int, int] = defaultdict(int)
    for _pk, batch, quantity, _category in rows:
        nets[batch] += quantity
    return {SHOWN_AS[category]: pk for pk, batch, _quantity, category in rows if nets[batch] and category}


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("photos", "0020_stock_movements_of_findings")]

    operations = [migrations.RunPython(note, migrations.RunPython.noop, elidable=True)]
