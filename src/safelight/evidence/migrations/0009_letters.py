from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('evidence', '0008_locked_items'),
    ]

    operations = [
        migrations.AddField(
            model_name='sighting',
            name='sealed',
            field=models.BinaryField(null=True),
        ),
        # What is sealed does not compress: the server need not try.
        migrations.RunSQL(
            "ALTER TABLE evidence_item ALTER COLUMN sealed SET STORAGE EXTERNAL",
            "ALTER TABLE evidence_item ALTER COLUMN sealed SET STORAGE EXTENDED",
        ),
        migrations.RunSQL(
            "ALTER TABLE evidence_sighting ALTER COLUMN sealed SET STORAGE EXTERNAL",
            migrations.RunSQL.noop,
        ),
    ]
