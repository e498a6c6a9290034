"""What `booking_revision` counts, said as it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("photos", "0030_steps_opened_again")]

    operations = [
        migrations.AlterField(
            model_name="processingsession",
            name="booking_revision",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="How often movements were written for this count.",
                verbose_name="booking revision",
            ),
        ),
    ]
