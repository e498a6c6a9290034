from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("photos", "0023_photos_have_no_drawing"),
    ]

    operations = [
        migrations.AlterField(
            model_name="estimation",
            name="calculation_method",
            field=models.CharField(
                choices=[
                    ("band_based", "Bands"),
                    ("density_based", "Density parameters"),
                    ("grid_analysis", "Grid of cells"),
                ],
                max_length=15,
                verbose_name="method",
            ),
        ),
    ]
