"""What sources say in words is sealed, and signed in batches; blind indexes find equal statements and contents."""

from django.db import migrations, models

CLEAR = ("external_id", "series", "agency", "comment", "tags", "opaque", "notes")


class Migration(migrations.Migration):
    dependencies = [("known", "0002_one_index_for_statements"), ("vault", "0003_sealed_signatures")]

    operations = [
        *(migrations.RemoveField("knownentry", name) for name in CLEAR),
        migrations.AlterField("knownentry", "content", models.BinaryField(max_length=16)),
        migrations.AddField("knownentry", "words", models.BinaryField(default=b""), preserve_default=False),
        migrations.AddField("knownentry", "row", models.BigIntegerField(default=0), preserve_default=False),
        migrations.AddField("knownimport", "batch", models.BigIntegerField(null=True)),
        migrations.RunSQL("ALTER TABLE known_entry ALTER COLUMN words SET STORAGE EXTERNAL", migrations.RunSQL.noop),
    ]
