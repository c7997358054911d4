"""What comes first and is never deleted is not looked up again for each item and sighting.

Nor does the server gather figures about columns that nobody asks by: comparing documents took most of its time.
"""

from django.db import migrations, models
from django.db.models import PROTECT


class Migration(migrations.Migration):
    dependencies = [("evidence", "0004_erased_items")]

    operations = [
        migrations.AlterField(
            "item", "examined_by", models.ForeignKey("evidence.run", PROTECT, db_index=False, db_constraint=False)
        ),
        migrations.AlterField(
            "sighting", "exhibit", models.ForeignKey("evidence.exhibit", PROTECT, db_index=False, db_constraint=False)
        ),
        migrations.AlterField("sighting", "source", models.ForeignKey("evidence.source", PROTECT, db_constraint=False)),
        migrations.AlterField(
            "sighting", "run", models.ForeignKey("evidence.run", PROTECT, db_index=False, db_constraint=False)
        ),
        migrations.RunSQL(
            "ALTER TABLE evidence_item ALTER COLUMN metadata SET STATISTICS 0, ALTER COLUMN sealed SET STATISTICS 0",
            migrations.RunSQL.noop,
        ),
    ]
