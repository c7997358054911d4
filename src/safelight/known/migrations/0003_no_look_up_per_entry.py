import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('known', '0002_one_index_by_source'),
    ]

    operations = [
        migrations.AlterField(
            model_name='knownentry',
            name='source',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='known.knownsource'),
        ),
        migrations.AlterField(
            model_name='knownentry',
            name='edition',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='known.knownimport'),
        ),
    ]
