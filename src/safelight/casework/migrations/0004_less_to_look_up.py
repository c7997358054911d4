"""What comes first and is never deleted is not looked up again for each answer and each place in a stack."""

from django.db import migrations, models
from django.db.models import PROTECT


def _key(to, **more):
    return models.ForeignKey(to, PROTECT, db_constraint=False, **more)


class Migration(migrations.Migration):
    dependencies = [("casework", "0003_sealed_evidence"), ("evidence", "0005_less_to_look_up")]

    operations = [
        migrations.AlterField("answer", "case", _key("casework.case", db_index=False)),
        migrations.AlterField("answer", "run", _key("evidence.run", db_index=False)),
        migrations.AlterField("stackmember", "case", _key("casework.case")),
        migrations.AlterField("stackmember", "representative", _key("evidence.item", related_name="+")),
        migrations.AlterField("stackmember", "item", _key("evidence.item", related_name="+")),
    ]
