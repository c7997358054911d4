"""Small pictures, digests of pixels and raw metadata of items are sealed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("evidence", "0002_met_again_and_news"), ("vault", "0003_sealed_signatures")]

    operations = [
        *(migrations.RemoveField("item", name) for name in ("tile", "pixels", "raw")),
        migrations.AddField("item", "sealed", models.BinaryField(null=True)),
        migrations.RunSQL("ALTER TABLE evidence_item ALTER COLUMN sealed SET STORAGE EXTERNAL", migrations.RunSQL.noop),
    ]
