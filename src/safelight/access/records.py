"""What officers sign: enrolments, requests and reviews, each in the one form of RFC 8785.

Rules kept here:
- a record names its form, and holds all that its signature is to bind: nothing is taken from beside it;
- a request holds its act's parameters, all of them and no others, and a salt, so that its hash tells nothing;
- equal parameters have equal bytes, so that an approval is compared byte by byte;
- what the recovery kit was used for stands with its reason, since whoever reviews it reads both.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

import msgspec
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from safelight.access.officer_keys import PublicKeyText, SignedAs, statement_message
from safelight.access.permissions import FOUR_EYES, Permission
from safelight.access.roles import Role
from safelight.errors import InputError, UsageError

_DIGEST = re.compile("[0-9a-f]{64}")
MAX_VALUE = 1000
"""Characters of one parameter's value."""


class BadRecordError(InputError):
    """This is no enrolment, no request and no review in canonical form."""


class Enrolment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="form", tag="safelight-enrolment/1"):
    """One of a node's first officers: pseudonym, key, roles, from when until when, and whose key is to sign it."""

    node: str
    agency: str
    officer: str
    public: PublicKeyText
    roles: tuple[Role, ...]
    begins: datetime
    ends: datetime
    second: PublicKeyText


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="form", tag="safelight-act-request/1"):
    """What an officer asks another to approve: exactly this act, for this reason, until then."""

    node: str
    act: Permission
    parameters: dict[str, Annotated[str, msgspec.Meta(max_length=MAX_VALUE)]]
    why: str
    officer: str
    at: datetime
    until: datetime
    salt: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]


class Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="form", tag="safelight-review/1"):
    """What another unit's officer found of what was done without a second person: `of` is `glass_record`, as text."""

    node: str
    review: int
    of: str
    remark: str


Record = Enrolment | Request | Review
COUNTERSIGNED: Mapping[type[Record], Literal[SignedAs.ENROLMENT, SignedAs.APPROVAL, SignedAs.REVIEW]] = {
    Enrolment: SignedAs.ENROLMENT,
    Request: SignedAs.APPROVAL,
    Review: SignedAs.REVIEW,
}
"""As what the second person signs a record."""


def encode_record(record: Record) -> bytes:
    """A record in the bytes that are signed."""
    return rfc8785.dumps(msgspec.to_builtins(record))


def read_record(untrusted: bytes) -> Record:
    """The record that these bytes hold; whose it is, its signatures say.

    Raises:
        BadRecordError: they hold none, or not in the one form.
    """
    try:
        record: Record = msgspec.json.decode(untrusted, type=Record)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise BadRecordError from None
    if encode_record(record) != untrusted:
        raise BadRecordError
    return record


def read_request(untrusted: bytes) -> Request:
    """The request that these bytes hold.

    Raises:
        BadRecordError: they hold none.
    """
    record = read_record(untrusted)
    if not isinstance(record, Request):
        raise BadRecordError
    return record


def record_digest(record: bytes) -> bytes:
    """The SHA-256 of a record's bytes, by which it is named."""
    return hashlib.sha256(record).digest()


def named_statement(request: Request) -> bytes | None:
    """The SHA-256 of the statement that a request is about; None where it is about none, or names none."""
    digest = request.parameters.get("assertion", "")
    return bytes.fromhex(digest) if _DIGEST.fullmatch(digest) else None


def over_statement(key: Ed25519PrivateKey, record: Record) -> bytes | None:
    """An officer's signature over the statement that a request is about; None where it is about none."""
    digest = named_statement(record) if isinstance(record, Request) else None
    return None if digest is None else key.sign(statement_message(digest))


def canonical_act(act: Permission, parameters: Mapping[str, str]) -> bytes:
    """An act with its parameters, in the one form in which two of them are compared.

    Raises:
        UsageError: the act needs no second person, or the parameters are not those that it has.
    """
    if act not in FOUR_EYES:
        raise UsageError(f"{act.value} needs no approval: it is done by whoever may")
    wanted = FOUR_EYES[act]
    if set(parameters) != wanted:
        raise UsageError(f"{act.value} takes the parameters {', '.join(sorted(wanted))}, all of them and no others")
    for name, value in parameters.items():
        if not value.strip() or len(value) > MAX_VALUE or not value.isprintable():
            raise UsageError(f"the parameter {name} of {act.value} is empty, too long, or cannot be read by people")
    return rfc8785.dumps({"act": act.value, "parameters": dict(parameters)})


def glass_record(canonical: bytes, why: str) -> bytes:
    """What the recovery kit was used for, as it is kept for the review: the act as `canonical_act`, and why."""
    return rfc8785.dumps({**msgspec.json.decode(canonical), "why": why})


def act_of_glass(record: bytes) -> bytes:
    """The act in what `glass_record` made, as `canonical_act`."""
    return rfc8785.dumps({name: value for name, value in msgspec.json.decode(record).items() if name != "why"})
