"""A step that is done once more says since when: how long work waits is told from then on, not from when it was written."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("photos", "0029_indexes_for_the_order_of_the_gallery"),
    ]

    operations = [
        migrations.AddField(
            model_name="processingstep",
            name="reopened_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When it was last asked for once more, after it had been done.",
                null=True,
                verbose_name="opened again",
            ),
        ),
    ]
