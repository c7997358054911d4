"""Who approves a statement signs it, too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A column that earlier approvals leave empty."""

    dependencies = [("access", "0003_held")]

    operations = [
        migrations.AddField("approval", "over_statement", models.BinaryField(max_length=64, null=True)),
    ]
