"""What is kept has a review date; what was kept before, five years after its case was opened."""

from django.db import migrations, models

_FIVE_YEARS_ON = """
    UPDATE casework_kept k SET review = c.opened + interval '5 years' FROM casework_case c WHERE c.id = k.case_id
"""


class Migration(migrations.Migration):
    """A column that is filled for what there is."""

    dependencies = [("casework", "0004_less_to_look_up")]

    operations = [
        migrations.AddField("kept", "review", models.DateTimeField(null=True)),
        migrations.RunSQL(_FIVE_YEARS_ON, migrations.RunSQL.noop),
        migrations.AlterField("kept", "review", models.DateTimeField()),
    ]
