from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('log', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='OutsideCheckpoint',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('size', models.BigIntegerField()),
                ('root', models.BinaryField(max_length=32)),
                ('at', models.DateTimeField()),
                ('witnesses', models.SmallIntegerField()),
            ],
            options={
                'db_table': 'log_outside_checkpoint',
                'constraints': [models.CheckConstraint(condition=models.Q(('size__gt', 0), ('witnesses__gte', 0)), name='log_outside_checkpoint_counts')],
            },
        ),
    ]
