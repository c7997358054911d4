"""Digests and hashes move into sealed blocks. What an earlier version wrote in clear cannot be sealed here: no key."""

from django.db import migrations, models

from safelight.errors import CannotRunError


def refuse_clear(apps, schema_editor):
    """Stop where an earlier version has kept digests in clear; the folder stays as it is."""
    if apps.get_model("vault", "Signature").objects.exists():
        raise CannotRunError(
            "This data folder was filled by a version that did not seal it, and is left as it is: "
            "make a node in a new data folder, and import and check into that one again."
        )



class Migration(migrations.Migration):
    dependencies = [("vault", "0002_kept_content")]

    operations = [
        migrations.RunPython(refuse_clear, migrations.RunPython.noop),
        migrations.DeleteModel("Pdq"),
        migrations.RemoveIndex("signature", "vault_realm"),
        migrations.AddField("signature", "block", models.BigIntegerField(default=0), preserve_default=False),
        *(
            migrations.AlterField("signature", name, models.BinaryField(max_length=16, null=True))
            for name in ("sha1", "sha256")
        ),
        migrations.CreateModel(
            "SignatureBlock",
            [
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("realm", models.SmallIntegerField()),
                ("sealed", models.BinaryField()),
            ],
            options={
                "db_table": "vault_signature_block",
                "indexes": [models.Index(fields=["realm", "id"], name="vault_block_realm")],
            },
        ),
        migrations.CreateModel(
            "SignatureKey",
            [
                ("block", models.BigIntegerField(primary_key=True, serialize=False)),
                ("generation", models.BigIntegerField()),
                ("wrapped", models.BinaryField(max_length=65)),
            ],
            options={
                "db_table": "vault_signature_key",
                "indexes": [models.Index(fields=["generation", "block"], name="vault_block_key_generation")],
            },
        ),
        # What is sealed does not get shorter, and trying takes time.
        migrations.RunSQL(
            "ALTER TABLE vault_signature_block ALTER COLUMN sealed SET STORAGE EXTERNAL", migrations.RunSQL.noop
        ),
    ]
