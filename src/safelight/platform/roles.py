"""The roles that work in the database, beside its owner: how they are made, and how a command enters as one.

Rules kept here:
- nobody works as the owner: whoever has migrated goes out and comes in again as a worker;
- a worker is no superuser, bypasses no wall, makes no roles, owns nothing and is a member of nothing: it cannot climb;
- its password follows from the owner's, so that there is no second one to keep; without one the server lets it in as it
  does the owner (trust, certificate).
"""

import hashlib
import hmac
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from safelight.errors import CannotRunError
from safelight.platform.walls import WEB, WORKER

Parameters = dict[str, Any]
"""Connection parameters of libpq by name."""

_ATTRIBUTES = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS"
_THERE = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)"
_TOO_MUCH = """
SELECT r.rolname FROM pg_roles r WHERE r.rolname = ANY(%s) AND (
    r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
    OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)
    OR EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relpersistence <> 't'))
"""


def ensure_roles(owner: psycopg.Connection[Any], worker: Parameters) -> None:
    """Make the roles that are missing, to be entered with these parameters; refuse one that could climb.

    Raises:
        CannotRunError: the owner may not make roles, or one has more than it may; the message says what to run.
    """
    there = {name for (name,) in owner.execute(_THERE, [[WORKER, WEB]]).fetchall()}
    making = [f"CREATE ROLE {role} {_ATTRIBUTES}{_secret(owner, role, worker)}" for role in (WORKER, WEB)
              if role not in there]  # fmt: skip
    _run(owner, making)
    if found := owner.execute(_TOO_MUCH, [[WORKER, WEB]]).fetchone():
        raise CannotRunError(
            f"The database role {found[0]} may more than work: take from it SUPERUSER, BYPASSRLS, CREATEROLE, "
            "CREATEDB, REPLICATION, its memberships and its tables."
        )


def worker_parameters(owner: Parameters) -> Parameters:
    """How a worker enters where the owner enters like this."""
    parameters = owner | {"user": WORKER}
    if owner.get("password"):
        parameters["password"] = _password(str(owner["password"]))
    return parameters


def let_worker_in(owner: psycopg.Connection[Any], worker: Parameters) -> None:
    """Make sure that a worker can enter with these parameters, its password set anew where it cannot.

    Raises:
        CannotRunError: it cannot, and the owner may not change that; the message says what to run.
    """
    refused = _refused(worker)
    if refused and "password" in worker:
        _run(owner, [f"ALTER ROLE {WORKER}{_secret(owner, WORKER, worker)}"])
        refused = _refused(worker)
    if refused:
        raise CannotRunError(
            f"The database role {WORKER} is not let in: {refused}. Let it in as its owner is let in (pg_hba.conf), or "
            "give DATABASE_URL a password."
        )


def _refused(worker: Parameters) -> str | None:
    """What the server says where it does not let a worker in."""
    try:
        psycopg.connect(make_conninfo(**worker), connect_timeout=10).close()
    except psycopg.OperationalError as error:
        return str(error).strip().partition("\n")[0].rstrip(".")
    return None


def _secret(owner: psycopg.Connection[Any], role: str, worker: Parameters) -> str:
    """The clause that sets the worker's password: what the server checks it by (SCRAM), not the password itself."""
    if role != WORKER or "password" not in worker:
        return ""
    verifier = owner.pgconn.encrypt_password(worker["password"].encode(), WORKER.encode(), b"scram-sha-256")
    return f" PASSWORD '{verifier.decode()}'"


def _password(owners: str) -> str:
    return hmac.new(owners.encode(), WORKER.encode(), hashlib.sha256).hexdigest()


def _run(owner: psycopg.Connection[Any], statements: list[str]) -> None:
    for statement in statements:
        try:
            owner.execute(sql.SQL(statement))  # our own names, and a verifier in base64
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation, psycopg.errors.InternalError):
            continue  # another first command was quicker: roles belong to the whole server
        except psycopg.errors.InsufficientPrivilege:
            raise CannotRunError(
                "The owner of the database may not make roles: let an administrator run "
                f"`{'; '.join(statements)};`, then try again."
            ) from None
