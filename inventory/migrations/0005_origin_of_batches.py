"""Batches say which count opened them, and how its plants were found."""

from typing import Any

from django.db import migrations

FOUND_BY = {
    "segment": "detect_sahi", "pot": "detect_sahi", "box": "detect_direct", "plug": "detect_direct",
    "seedling_tray": "detect_direct",
}  # fmt: skip


def tell_origin(apps: Any, schema_editor: Any) -> None:
    batches = apps.get_model("inventory", "StockBatch").objects
    movements = apps.get_model("inventory", "StockMovement").objects.order_by("batch", "pk")
    firsts: dict[int, tuple[Any, str]] = {}
    for batch, kind, session, category in movements.values_list(
        "batch", "movement_type", "session_uuid", "destination_bin__storage_bin_type__category"
    ).iterator(2000):
        is_photo = kind == "foto" and session is not None
        origin = (str(session), FOUND_BY.get(category, "detect_sahi")) if is_photo else (None, "manual")
        firsts.setdefault(batch, origin)
    changed = []
    for batch in batches.iterator(2000):
        if batch.pk in firsts and "session_id" not in batch.custom_attributes:
            session, method = firsts[batch.pk]
            batch.custom_attributes = {**batch.custom_attributes, "session_id": session, "method": method}
            changed.append(batch)
    batches.bulk_update(changed, ["custom_attributes"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("inventory", "0004_manual_counts")]

    operations = [migrations.RunPython(tell_origin, migrations.RunPython.noop, elidable=True)]
