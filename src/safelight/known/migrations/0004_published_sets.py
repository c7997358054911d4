"""Published lists of known good are sets of files, each counted on by one row."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies: ClassVar = [("known", "0003_sealed_words")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="KnownSet",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sets", to="known.knownsource"
                    ),
                ),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sets", to="known.knownimport"
                    ),
                ),
                ("folder", models.CharField(max_length=32)),
                ("seals", models.TextField()),
                ("entries", models.BigIntegerField()),
                ("made_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "known_set",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["source"], condition=Q(ended_at__isnull=True), name="known_set_current"
                    )
                ],
            },
        ),
    ]
