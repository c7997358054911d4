"""What was signed or used stays as it is, and who is an officer, in which role, names by what: held for every role.

A worker's own SQL meets these too. The functions read as the owner, whoever tells the database that he is somebody else
in the meantime. PostgreSQL checks no signature: that `access` does.
"""

from django.db import migrations

_OWN = """
    SELECT FROM access_officer o WHERE (o.approval IS NOT NULL OR o.second_signature IS NOT NULL)
       AND NOT EXISTS (SELECT FROM access_role_grant g WHERE g.officer_id = o.id AND g.role = 'outside-second')"""

_AS_OWNER = "PERFORM set_config('safelight.purpose', 'migrating', true);"
_AS_BEFORE = "PERFORM set_config('safelight.purpose', coalesce(purpose, ''), true);"
_PURPOSE = "purpose text := current_setting('safelight.purpose', true);"

_FUNCTIONS = {
    # Arguments: the columns that are set once, and those that are cleared once. All others never change.
    "access_keep_written()": """RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE was jsonb := to_jsonb(OLD); becomes jsonb := to_jsonb(NEW); name text;
BEGIN
    FOR name IN SELECT jsonb_object_keys(was) LOOP
        IF was -> name IS DISTINCT FROM becomes -> name
           AND NOT (name = ANY (TG_ARGV[0]::text[]) AND was -> name = 'null')
           AND NOT (name = ANY (TG_ARGV[1]::text[]) AND becomes -> name = 'null') THEN
            RAISE EXCEPTION '%.% does not change any more', TG_TABLE_NAME, name
                USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
        END IF;
    END LOOP;
    RETURN NEW;
END $$""",
    "access_is_enrolled()": f"""RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE {_PURPOSE} answer boolean;
BEGIN
    {_AS_OWNER}
    answer := EXISTS ({_OWN});
    {_AS_BEFORE}
    RETURN answer;
END $$""",
    # When an act was done by what is named: `act-7` is the approval of a request, `glass-2` the recovery kit.
    "access_used_at(named text, wanted text)": """RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE at timestamptz;
BEGIN
    IF named ~ '^act-[0-9]{1,18}$' THEN
        SELECT a.used_at INTO at FROM access_approval a JOIN access_request r ON r.id = a.request_id
         WHERE r.id = substr(named, 5)::bigint AND r.act = wanted FOR UPDATE OF a;
    ELSIF named ~ '^glass-[0-9]{1,18}$' THEN
        SELECT g.used_at INTO at FROM access_break_glass g
         WHERE g.id = substr(named, 7)::bigint AND g.act = wanted FOR UPDATE;
    END IF;
    RETURN at;
END $$""",
    # Of the first ones: each is the other's second; one such pair, and one more for each time the kit was used for it.
    "access_hold_officer()": f"""RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE {_PURPOSE} held boolean := true;
BEGIN
    {_AS_OWNER}
    IF NEW.approval IS NOT NULL THEN
        held := access_used_at(NEW.approval, 'access:officer:enrol') IS NOT NULL
            AND NOT EXISTS (SELECT FROM access_officer o WHERE o.approval = NEW.approval AND o.id <> NEW.id);
    ELSIF NEW.second_signature IS NOT NULL AND (NEW.revoked_at IS NULL OR NEW.revoked_at > NEW.begins) THEN
        LOCK TABLE access_officer IN SHARE ROW EXCLUSIVE MODE;
        held := EXISTS (
            SELECT FROM access_officer o WHERE o.public_key = NEW.second_key AND o.second_key = NEW.public_key
        ) AND (SELECT count(DISTINCT least(o.public_key, o.second_key)) FROM ({_OWN.replace("SELECT FROM", "SELECT o.* FROM")}) o
                WHERE o.approval IS NULL AND (o.revoked_at IS NULL OR o.revoked_at > o.begins)
        ) <= 1 + (SELECT count(*) FROM access_break_glass g
                   WHERE g.act = 'access:officer:found' AND g.used_at IS NOT NULL);
    END IF;
    {_AS_BEFORE}
    IF NOT held THEN
        RAISE EXCEPTION 'nothing that stands made % an officer', NEW.pseudonym
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$""",
    # A grant that ended as it began never counted: its enrolment was replaced before the second had signed.
    "access_hold_grant()": f"""RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE {_PURPOSE} held boolean; officer access_officer;
BEGIN
    {_AS_OWNER}
    SELECT * INTO officer FROM access_officer o WHERE o.id = NEW.officer_id;
    held := CASE
        WHEN NEW.ends = NEW.begins THEN true
        WHEN NEW.granted_by = 'founding' THEN NEW.begins = officer.begins AND officer.enrolment IS NOT NULL
            AND convert_from(officer.enrolment, 'UTF8')::jsonb -> 'roles' ? NEW.role
        WHEN NEW.granted_by = officer.approval THEN NEW.begins = officer.begins
        ELSE NEW.role <> 'outside-second' AND NEW.begins = access_used_at(NEW.granted_by, 'access:role:change')
            AND NOT EXISTS (SELECT FROM access_role_grant g WHERE g.granted_by = NEW.granted_by AND g.id <> NEW.id)
    END;
    {_AS_BEFORE}
    IF held IS NOT TRUE THEN
        RAISE EXCEPTION 'nothing that stands granted the role %', NEW.role
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$""",
}  # fmt: skip

_KEPT = {
    "access_approval": ("{used_at}", "{}", ""),
    "access_break_glass": ("{used_at,reviewer_id,reviewed_at,remark}", "{record,what}", ""),
    "access_case_member": ("{ends}", "{}", ""),
    "access_officer": ("{revoked_at}", "{os_user}", "WHEN (access_is_enrolled())"),
    "access_request": ("{}", "{record,what}", ""),
    "access_role_grant": ("{ends}", "{}", ""),
}
_HELD = {"access_officer": ("access_hold_officer", "INSERT OR UPDATE"), "access_role_grant": ("access_hold_grant", "INSERT")}

# No table of the asker's own stands before the true ones.
_PATH = "DO $$ BEGIN EXECUTE format('ALTER FUNCTION {} SET search_path = %I, pg_temp', current_schema()); END $$"

_MADE = [
    *((f"CREATE OR REPLACE FUNCTION {head} {body}", f"DROP FUNCTION {head}") for head, body in _FUNCTIONS.items()),
    *((_PATH.format(head.replace("named ", "").replace("wanted ", "")), migrations.RunSQL.noop) for head in _FUNCTIONS),
    *(
        (
            f"CREATE TRIGGER {table}_written BEFORE UPDATE ON {table} FOR EACH ROW {when} "
            f"EXECUTE FUNCTION access_keep_written('{once}', '{cleared}')",
            f"DROP TRIGGER {table}_written ON {table}",
        )
        for table, (once, cleared, when) in _KEPT.items()
    ),
    *(
        (
            f"CREATE CONSTRAINT TRIGGER {table}_held AFTER {when} ON {table} DEFERRABLE INITIALLY DEFERRED "
            f"FOR EACH ROW EXECUTE FUNCTION {function}()",
            f"DROP TRIGGER {table}_held ON {table}",
        )
        for table, (function, when) in _HELD.items()
    ),
]


class Migration(migrations.Migration):
    """Functions and triggers of the owner."""

    dependencies = [("access", "0002_destroyed_records")]

    operations = [migrations.RunSQL(*made) for made in _MADE]
