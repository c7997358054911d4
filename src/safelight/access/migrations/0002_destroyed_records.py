from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('access', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='requestrow',
            name='what',
            field=models.BinaryField(max_length=16, null=True),
        ),
        migrations.AlterField(
            model_name='requestrow',
            name='record',
            field=models.BinaryField(null=True),
        ),
        migrations.AlterField(
            model_name='breakglass',
            name='what',
            field=models.BinaryField(max_length=16, null=True),
        ),
        migrations.AlterField(
            model_name='breakglass',
            name='record',
            field=models.BinaryField(null=True),
        ),
        migrations.AddConstraint(
            model_name='requestrow',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('record__isnull', True), ('what__isnull', True)), models.Q(('record__isnull', False), ('what__isnull', False)), _connector='OR'), name='access_request_destroyed_whole'),
        ),
        migrations.AddConstraint(
            model_name='breakglass',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('record__isnull', True), ('reviewer__isnull', False), ('what__isnull', True)), models.Q(('record__isnull', False), ('what__isnull', False)), _connector='OR'), name='access_break_glass_destroyed_whole'),
        ),
    ]
