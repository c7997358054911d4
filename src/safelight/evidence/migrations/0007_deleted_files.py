from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('evidence', '0006_video_items'),
    ]

    operations = [
        migrations.AlterField(
            model_name='sighting',
            name='how',
            field=models.TextField(choices=[('file', 'File'), ('entry', 'Entry'), ('embedded', 'Embedded'), ('deleted', 'Deleted')]),
        ),
    ]
