"""Another unit's officer reviews by a signature, which is set once."""

from django.db import migrations, models

_ONCE = "used_at,reviewer_id,reviewed_at,remark"
_TRIGGER = """
CREATE OR REPLACE TRIGGER access_break_glass_written BEFORE UPDATE ON access_break_glass FOR EACH ROW
EXECUTE FUNCTION access_keep_written('{{{once}}}', '{{record,what}}')
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0004_over_statement")]

    operations = [
        migrations.AddField("breakglass", "review_signature", models.BinaryField(max_length=64, null=True)),
        migrations.RunSQL(_TRIGGER.format(once=f"{_ONCE},review_signature"), _TRIGGER.format(once=_ONCE)),
    ]
