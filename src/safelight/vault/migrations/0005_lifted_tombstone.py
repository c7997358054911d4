"""A tombstone can be lifted, and stays."""

from django.db import migrations, models

_WHOLE = models.Q(lifted_at__isnull=True, lifting__isnull=True) | models.Q(
    lifted_at__isnull=False, lifting__isnull=False
)


class Migration(migrations.Migration):
    dependencies = [("vault", "0004_handouts")]

    operations = [
        migrations.AddField("tombstone", "lifted_at", models.DateTimeField(null=True)),
        migrations.AddField("tombstone", "lifting", models.BinaryField(null=True)),
        migrations.RemoveConstraint("tombstone", "vault_tombstone_once"),
        migrations.AddConstraint(
            "tombstone",
            models.UniqueConstraint(
                fields=["owner", "digest_index"],
                condition=models.Q(lifted_at__isnull=True),
                name="vault_tombstone_once",
            ),
        ),
        migrations.AddConstraint(
            "tombstone", models.CheckConstraint(condition=_WHOLE, name="vault_tombstone_lifted_whole")
        ),
    ]
