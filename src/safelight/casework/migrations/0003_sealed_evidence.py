"""The evidence of answers is sealed: it holds digests and the sources' own words."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("casework", "0002_kept_leaving"), ("vault", "0003_sealed_signatures")]

    operations = [
        migrations.RemoveField("answer", "evidence"),
        migrations.AddField("answer", "evidence", models.BinaryField(default=b""), preserve_default=False),
        migrations.RunSQL("ALTER TABLE casework_answer ALTER COLUMN evidence SET STORAGE EXTERNAL", migrations.RunSQL.noop),
    ]
