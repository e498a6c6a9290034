"""Sign-ins of API clients. They replace the library's list of spent tokens, whose tables go."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_is_approved"),
    ]

    operations = [
        migrations.CreateModel(
            name="TokenFamily",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("refresh_jti", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("expires_at", models.DateTimeField(db_index=True, verbose_name="expires")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "end_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("signed_out", "Signed out"),
                            ("reused", "A refresh token was used twice"),
                            ("revoked", "Signed out everywhere"),
                        ],
                        max_length=20,
                        verbose_name="reason",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="token_families",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "sign-in of a client",
                "verbose_name_plural": "sign-ins of clients",
                "db_table": "token_families",
            },
        ),
        # The library's app is no longer installed; its tables are in databases that are older than this migration.
        migrations.RunSQL("DROP TABLE IF EXISTS token_blacklist_blacklistedtoken", migrations.RunSQL.noop),
        migrations.RunSQL("DROP TABLE IF EXISTS token_blacklist_outstandingtoken", migrations.RunSQL.noop),
    ]
