"""An item whose content was erased is marked so, and keeps its places."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("evidence", "0003_sealed_pictures")]

    operations = [
        migrations.AlterField(
            "item",
            "state",
            models.TextField(
                choices=[
                    ("picture", "Picture"),
                    ("damaged", "Damaged"),
                    ("unreadable", "Unreadable"),
                    ("no media", "No Media"),
                    ("erased", "Erased"),
                ]
            ),
        ),
    ]
