"""A photo that is begun again, for the answer to its beginning was lost, is the one that was begun."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0006_last_photo_of_places"),
        ("photos", "0033_requests_of_steps"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="resumableupload",
            name="file_uuid",
            field=models.UUIDField(
                blank=True,
                help_text="Begun again within the same upload, it is the same file.",
                null=True,
                verbose_name="file as its sender calls it",
            ),
        ),
        migrations.AddConstraint(
            model_name="resumableupload",
            constraint=models.UniqueConstraint(
                fields=("user", "upload_session_uuid", "file_uuid"), name="resumable_uploads_file_once"
            ),
        ),
    ]
