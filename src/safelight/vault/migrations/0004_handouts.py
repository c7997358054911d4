"""Who was given which content: until now nobody recorded it, so nobody was told of its erasure."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vault", "0003_sealed_signatures")]

    operations = [
        migrations.CreateModel(
            "Handout",
            [
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("owner", models.TextField()),
                ("content_index", models.BinaryField(max_length=16)),
                ("bundle", models.BinaryField(max_length=16)),
                ("recipient", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("written_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "vault_handout",
                "constraints": [
                    models.UniqueConstraint(fields=("bundle", "content_index", "owner"), name="vault_handout_once")
                ],
                "indexes": [models.Index(fields=["owner", "content_index"], name="vault_handout_content")],
            },
        ),
    ]
