import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('known', '0001_initial'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='knownentry',
            name='known_entry_content',
        ),
        migrations.AlterField(
            model_name='knownentry',
            name='source',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='known.knownsource'),
        ),
        migrations.AddIndex(
            model_name='knownentry',
            index=models.Index(condition=models.Q(('superseded_at__isnull', True)), fields=['content'], name='known_entry_content'),
        ),
    ]
