"""A request is found by the contents that it names. One of an earlier release is not, and is opened instead."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0005_signed_review")]

    operations = [
        migrations.AddField("requestrow", "indexed", models.BooleanField(default=False, db_default=False)),
        migrations.CreateModel(
            name="RequestDigest",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("digest_index", models.BinaryField(max_length=16)),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="digests", to="access.requestrow"
                    ),
                ),
            ],
            options={
                "db_table": "access_request_digest",
                "constraints": [
                    models.UniqueConstraint(fields=("digest_index", "request"), name="access_request_digest_once")
                ],
            },
        ),
    ]
