"""Nobody lets himself into a case that has, or had, members: held for every role that works.

The owner, who loads a backup, puts back what was so. The functions read as the owner, as those of `0003_held` do.
"""

from django.db import migrations

_AS_OWNER = "PERFORM set_config('safelight.purpose', 'migrating', true);"
_AS_BEFORE = "PERFORM set_config('safelight.purpose', coalesce(purpose, ''), true);"
_PURPOSE = "purpose text := current_setting('safelight.purpose', true);"
_REFUSED = """RAISE EXCEPTION 'nobody lets himself into case %', NEW."case"
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;"""

_FUNCTIONS = {
    # Two who ask this of one case wait for each other.
    "access_is_memberless(number bigint)": f"""RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE {_PURPOSE} answer boolean;
BEGIN
    {_AS_OWNER}
    PERFORM FROM casework_case c WHERE c.id = number FOR NO KEY UPDATE;
    answer := FOUND AND NOT EXISTS (SELECT FROM access_case_member m WHERE m."case" = number);
    {_AS_BEFORE}
    RETURN answer;
END $$""",
    # Who adds himself opens the case, whose row comes after this one, or is up for review for just that.
    "access_hold_member()": f"""RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE {_PURPOSE} held boolean; own boolean;
BEGIN
    {_AS_OWNER}
    own := EXISTS (SELECT FROM access_officer o WHERE o.id = NEW.officer_id AND o.pseudonym = NEW.added_by);
    IF own THEN
        PERFORM FROM casework_case c WHERE c.id = NEW."case" FOR NO KEY UPDATE;
        held := (NOT FOUND OR EXISTS (
            SELECT FROM access_break_glass g
             WHERE g.act = 'access:case-member:join-alone' AND g.by_id = NEW.officer_id AND g.used_at = NEW.begins
        )) AND NOT EXISTS (SELECT FROM access_case_member m WHERE m."case" = NEW."case" AND m.id <> NEW.id);
    ELSE
        held := EXISTS (SELECT FROM access_officer o WHERE o.pseudonym = NEW.added_by)
            OR NEW.added_by = 'unenrolled' AND NOT access_is_enrolled();
    END IF;
    {_AS_BEFORE}
    IF NOT held THEN
        {_REFUSED}
    END IF;
    RETURN NULL;
END $$""",
    "access_hold_opened()": f"""RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE {_PURPOSE} held boolean;
BEGIN
    {_AS_OWNER}
    held := EXISTS (SELECT FROM casework_case c WHERE c.id = NEW."case")
        OR NOT EXISTS (SELECT FROM access_officer o WHERE o.id = NEW.officer_id AND o.pseudonym = NEW.added_by);
    {_AS_BEFORE}
    IF NOT held THEN
        {_REFUSED}
    END IF;
    RETURN NULL;
END $$""",
}

_PATH = "DO $$ BEGIN EXECUTE format('ALTER FUNCTION {} SET search_path = %I, pg_temp', current_schema()); END $$"
_TRIGGER = """CREATE CONSTRAINT TRIGGER {name} AFTER INSERT ON access_case_member {deferred} FOR EACH ROW
WHEN (current_user IN ('safelight_worker', 'safelight_web')) EXECUTE FUNCTION {function}()"""
_HELD = {
    "access_case_member_held": ("NOT DEFERRABLE", "access_hold_member"),
    "access_case_member_opened": ("DEFERRABLE INITIALLY DEFERRED", "access_hold_opened"),
}

_MADE = [
    *((f"CREATE OR REPLACE FUNCTION {head} {body}", f"DROP FUNCTION {head}") for head, body in _FUNCTIONS.items()),
    *((_PATH.format(head.replace("number ", "")), migrations.RunSQL.noop) for head in _FUNCTIONS),
    *(
        (
            _TRIGGER.format(name=name, deferred=deferred, function=function),
            f"DROP TRIGGER {name} ON access_case_member",
        )
        for name, (deferred, function) in _HELD.items()
    ),
]


class Migration(migrations.Migration):
    """Functions and triggers of the owner."""

    dependencies = [("access", "0006_request_digest")]

    operations = [migrations.RunSQL(*made) for made in _MADE]
