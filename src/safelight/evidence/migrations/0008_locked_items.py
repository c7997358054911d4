from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('evidence', '0007_deleted_files'),
    ]

    operations = [
        migrations.AlterField(
            model_name='item',
            name='state',
            field=models.TextField(choices=[('picture', 'Picture'), ('video', 'Video'), ('damaged', 'Damaged'), ('unreadable', 'Unreadable'), ('locked', 'Locked'), ('no media', 'No Media'), ('erased', 'Erased')]),
        ),
    ]
