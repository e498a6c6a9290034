"""Detections and estimations know the movement by which they were booked. Columns without a default: no row is read."""

import django.db.models.deletion
from django.db import migrations, models


def stock_movement() -> models.ForeignKey:
    return models.ForeignKey(
        blank=True,
        db_index=False,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="inventory.stockmovement",
        verbose_name="booked by",
    )


class Migration(migrations.Migration):
    dependencies = [("inventory", "0004_manual_counts"), ("photos", "0019_failed_jobs_have_ended")]

    operations = [
        migrations.AddField("detection", "stock_movement", stock_movement()),
        migrations.AddField("estimation", "stock_movement", stock_movement()),
    ]
