"""Its counts have them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("photos", "0022_drawings_of_counts")]

    operations = [
        migrations.RemoveField("image", "annotated_key"),
        migrations.RemoveField("image", "annotated_thumbnail_key"),
    ]
