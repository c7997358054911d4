"""The functions that the walls' policies ask, in the database: planned once for a connection, and not with each query.

Rules kept here:
- each runs with the rights of who asks, except that counting tables is the owner's;
- no table of the asker's own stands before the true ones: the search path is set.
"""

from psycopg import sql

ANALYSE, FOUNDER, CASES, EXHIBITS = "safelight_analyse", "safelight_founder", "safelight_cases", "safelight_exhibits"
"""Have these tables counted; whether the founder acts; the cases of who acts; the exhibits that he is shown.

Up to PostgreSQL 16 who owns no table may not have it counted (`ANALYZE`).
"""

_ASKED = "LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = {schema}, pg_temp AS"
_FUNCTIONS = {
    f"{FOUNDER}()": """RETURNS boolean {asked} $$ BEGIN
    RETURN current_setting('safelight.person', true) = {founder} AND NOT EXISTS (
        SELECT FROM access_officer o WHERE (o.approval IS NOT NULL OR o.second_signature IS NOT NULL)
           AND NOT EXISTS (SELECT FROM access_role_grant g WHERE g.officer_id = o.id AND g.role = 'outside-second'));
END $$""",
    f"{CASES}()": """RETURNS SETOF bigint {asked} $$ BEGIN
    RETURN QUERY SELECT m."case"::bigint FROM access_case_member m JOIN access_officer o ON o.id = m.officer_id
        WHERE m.ends IS NULL AND o.pseudonym = current_setting('safelight.person', true);
END $$""",
    f"{EXHIBITS}()": """RETURNS SETOF bigint {asked} $$ BEGIN
    RETURN QUERY SELECT id FROM evidence_exhibit;
END $$""",
    f"{ANALYSE}(names text[])": """RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE counted regclass;
BEGIN
    FOR counted IN SELECT oid FROM pg_class WHERE relnamespace = {named}::regnamespace AND relname = ANY (names)
    LOOP EXECUTE format('ANALYZE %s', counted); END LOOP;
END $$""",
}


def questions_sql(schema: str, roles: tuple[str, ...], founder: str) -> list[sql.Composed]:
    """The statements that make the functions in a schema, for these roles to ask; `founder` is who acts as one."""
    named: dict[str, sql.Composable] = {
        "schema": sql.Identifier(schema),
        "named": sql.Literal(schema),
        "founder": sql.Literal(founder),
    }
    named["asked"] = sql.SQL(_ASKED).format(schema=named["schema"])
    asking = sql.SQL(", ").join(map(sql.Identifier, roles))
    texts = []
    for head, body in _FUNCTIONS.items():
        name = sql.SQL("{}.{}").format(named["schema"], sql.Identifier(head.partition("(")[0]))
        texts += [
            sql.SQL(f"CREATE OR REPLACE FUNCTION {{schema}}.{head} {body}").format(**named),
            sql.SQL("REVOKE ALL ON FUNCTION {} FROM PUBLIC").format(name),
            sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(name, asking),
        ]
    return texts
