"""`is_approved` is the word that administrators of Django sites look for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_seed_ml_user")]

    operations = [
        migrations.RenameField(model_name="user", old_name="is_opened", new_name="is_approved"),
        migrations.AlterField(
            model_name="user",
            name="is_approved",
            field=models.BooleanField(
                default=False,
                help_text="Off for a viewer who registered alone: only the account, the classifier and the catalogue.",
                verbose_name="approved",
            ),
        ),
    ]
