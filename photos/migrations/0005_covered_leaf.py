from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("photos", "0004_interval_reasons"),
    ]

    operations = [
        migrations.AlterField(
            model_name="estimation",
            name="calculation_method",
            field=models.CharField(
                choices=[
                    ("cover_based", "Covered leaf"),
                    ("band_based", "Bands"),
                    ("density_based", "Density parameters"),
                    ("grid_analysis", "Grid of cells"),
                ],
                max_length=15,
                verbose_name="method",
            ),
        ),
    ]
