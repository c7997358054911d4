import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('log', '0002_outside_checkpoint'),
    ]

    operations = [
        migrations.CreateModel(
            name='EntryDigest',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('digest_index', models.BinaryField(max_length=16)),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='digests', to='log.logentry')),
            ],
            options={
                'db_table': 'log_entry_digest',
                'constraints': [models.UniqueConstraint(fields=('digest_index', 'entry'), name='log_entry_digest_once')],
            },
        ),
    ]
