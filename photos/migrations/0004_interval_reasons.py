from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("photos", "0003_plausibility_and_sizes")]

    operations = [
        migrations.AddField(
            model_name="processingsession",
            name="interval_reasons",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="Codes of IntervalReason.",
                verbose_name="why not more closely",
            ),
        ),
    ]
