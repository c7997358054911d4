"""One assertion, as a value and as bytes: RFC 8785 canonical JSON, which signatures are made over.

Rules kept here:
- one meaning, one form: bytes that would be written differently here are refused, so a signature covers what was read;
- parsing is bounded before it is deep: size, then nesting, then counts, then each field;
- what a newer node knows more of (kinds, fields, choices, words) is kept to the byte, named by `not_understood`, and
  never acted on; what contradicts a kind known here is refused;
- every assertion ends: its review lies at most five years after it was made, and a kind that expires does so earlier.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any

import msgspec
import rfc8785

from safelight.assertions.kinds import (
    UNTIL,
    Field,
    FieldType,
    Kind,
    Target,
    field_problem,
    is_digest,
    is_identifier,
    is_known_choice,
    load_kinds,
    parse_time,
)
from safelight.assertions.vocabularies import load_terms
from safelight.errors import InputError

FORMAT = "safelight-assertion/1"
ALGORITHM = "Ed25519"
NATURES = ("fact", "assessment")
MAX_BYTES = 1 << 20
MAX_DEPTH = 8
MAX_IDS = 10_000
MAX_RECIPIENTS = 500
MAX_SUPERSEDED = 100
_YEARS = 5

Json = Any
"""A value of JSON, as `msgspec` reads it: who looks into it checks what it is."""
_Line = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f]{1,200}\Z")]
_Text = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f]{1,4000}\Z")]
_Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
_Time = Annotated[datetime, msgspec.Meta(tz=True)]
_Recipients = Annotated[tuple[_Line, ...], msgspec.Meta(max_length=MAX_RECIPIENTS)]


class BadAssertionError(InputError):
    """The assertion cannot be read."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What an assertion is about.

    `type` is a `Target`, or a newer node's word. `ids`, ascending: the item's SHA-256; the SHA-256 of each item of the
    stack at that moment; those of the two items that a link joins; the identifier of a series or subject.
    """

    type: _Line
    ids: Annotated[tuple[_Line, ...], msgspec.Meta(min_length=1, max_length=MAX_IDS)]
    unknown: dict[str, Json] = {}


class Handling(msgspec.Struct, frozen=True, kw_only=True):
    """Who may receive an assertion besides the unit that made it, and what they may do; by default nobody, nothing.

    `onward` lets a recipient hand it to other recipients named here. `ask_first` forbids acting before the source has
    agreed. `tlp` and `pap` narrow this further and never widen it (see `handling`).
    """

    agencies: _Recipients = ()
    groups: _Recipients = ()
    all_units: bool = False
    providers: bool = False
    onward: bool = False
    ask_first: bool = True
    tlp: _Line = "red"
    pap: _Line = "red"
    unknown: dict[str, Json] = {}


class Assertion(msgspec.Struct, frozen=True, kw_only=True):
    """A statement by one agency; see the glossary. Times are whole seconds in UTC.

    `officer` is a pseudonym. `says` holds the kind's fields as JSON. `subject` is the category of person it speaks of,
    `nature` whether it is a fact or an assessment, `basis` the legal basis in the agency's own words. `supersedes` are
    identifiers of the same agency's earlier assertions. `unknown` holds members that only newer nodes know.
    """

    id: _Id
    agency: _Line
    officer: _Line
    kind: _Line
    about: About
    says: dict[str, Json]
    purpose: _Line
    subject: _Line
    handling: Handling
    basis: _Text
    nature: _Line
    made: _Time
    review: _Time
    supersedes: Annotated[tuple[_Id, ...], msgspec.Meta(max_length=MAX_SUPERSEDED)] = ()
    algorithm: _Line = ALGORITHM
    format: _Line = FORMAT
    unknown: dict[str, Json] = {}


def encode_assertion(assertion: Assertion) -> bytes:
    """The assertion as RFC 8785 JSON.

    Raises:
        BadAssertionError: it contradicts its kind or a bound, so that nobody could read it.
    """
    wire = _wire(assertion)
    if _read(wire) != assertion:
        raise BadAssertionError(
            "The assertion cannot be written: a value of it is not JSON, or stands in a wrong place."
        )
    return canonical_json(wire)


def parse_assertion(untrusted: bytes) -> Assertion:
    """The assertion that these bytes hold.

    Raises:
        BadAssertionError: they hold none, or not in canonical form; the message says why.
    """
    assertion = _read(read_json(untrusted))
    if canonical_json(_wire(assertion)) != untrusted:
        raise BadAssertionError("The assertion is not in the one form that can be signed, RFC 8785.")
    return assertion


def reopen_assertion(record: bytes) -> Assertion:
    """The assertion in bytes that were parsed once and kept sealed since: their form is not tried again.

    Raises:
        BadAssertionError: it contradicts a kind that was not known when it was taken in.
    """
    return _read(msgspec.json.decode(record))


def not_understood(assertion: Assertion) -> tuple[str, ...]:
    """What of it only a newer node knows, in words; empty where everything is known here."""
    return tuple(_strange(assertion))


def latest_review(made: datetime) -> datetime:
    """The last moment at which an assertion made then may be reviewed: five years on."""
    day = 28 if (made.month, made.day) == (2, 29) else made.day
    return made.replace(year=min(made.year + _YEARS, 9999), day=day)


def expiry(assertion: Assertion) -> datetime | None:
    """When an assertion ends by itself, whatever its review date; None where its kind does not expire."""
    kind = load_kinds().get(assertion.kind)
    return parse_time(assertion.says[UNTIL]) if kind is not None and kind.expires_days is not None else None


def read_json(untrusted: bytes, *, limit: int = MAX_BYTES, depth: int = MAX_DEPTH) -> Json:
    """The JSON in at most `limit` bytes, nested at most `depth` deep; whether it is canonical shows when written again.

    Raises:
        BadAssertionError: it is none, or beyond a bound.
    """
    if len(untrusted) > limit:
        raise BadAssertionError(f"The statement is larger than {limit} bytes.")
    try:
        value = msgspec.json.decode(untrusted)
    except (ValueError, RecursionError) as error:
        raise BadAssertionError(f"The statement is no JSON: {error}.") from error
    if _is_deeper(value, depth):
        raise BadAssertionError(f"The statement is nested more than {depth} deep.")
    return value


def canonical_json(value: Json) -> bytes:
    """A value as RFC 8785 JSON.

    Raises:
        BadAssertionError: it has none, such as a number that not every reader keeps.
    """
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise BadAssertionError(f"The statement has no canonical form: {error}.") from error


def _wire(assertion: Assertion) -> dict[str, Json]:
    plain = msgspec.to_builtins(assertion)
    return _closed({**plain, "about": _closed(plain["about"]), "handling": _closed(plain["handling"])})


def _closed(plain: dict[str, Json]) -> dict[str, Json]:
    return {**plain.pop("unknown"), **plain}


def _read(raw: Json) -> Assertion:
    opened = _opened(raw, Assertion, "statement")
    for name, kind in (("about", About), ("handling", Handling)):
        opened[name] = _opened(opened.get(name), kind, name)
    try:
        assertion = msgspec.convert(opened, Assertion)
    except msgspec.ValidationError as error:
        raise BadAssertionError(f"The assertion cannot be read: {error}.") from error
    for problem in _problems(assertion):
        raise BadAssertionError(f"The assertion {assertion.id} by {assertion.agency!r} cannot be taken: {problem}.")
    return assertion


def _opened(raw: Json, of: type[msgspec.Struct], name: str) -> dict[str, Json]:
    """What is known of an object, and the rest of it under `unknown`."""
    if not isinstance(raw, dict):
        raise BadAssertionError(f"The assertion cannot be read: its {name} is no JSON object.")
    known = set(of.__struct_fields__) - {"unknown"}
    missing = known - raw.keys()
    if missing:
        raise BadAssertionError(f"The assertion cannot be read: its {name} lacks {', '.join(sorted(missing))}.")
    return {
        **{key: value for key, value in raw.items() if key in known},
        "unknown": {key: value for key, value in raw.items() if key not in known},
    }


def _problems(assertion: Assertion) -> Iterator[str]:
    """What contradicts the rules of every assertion, then those of its kind; in words."""
    if assertion.format != FORMAT:
        yield f"it has the form {assertion.format!r}, and this version reads {FORMAT}; update Safelight"
    for name, values in (
        ("what it is about", assertion.about.ids),
        ("its agencies", assertion.handling.agencies),
        ("its groups", assertion.handling.groups),
        ("what it supersedes", assertion.supersedes),
    ):
        if any(one >= other for one, other in pairwise(values)):
            yield f"{name} is not in ascending order, each once"
    if assertion.id in assertion.supersedes:
        yield "it supersedes itself"
    yield from _time_problems(assertion)
    yield from _about_problems(assertion.about)
    kind = load_kinds().get(assertion.kind)
    if kind is not None:
        yield from _kind_problems(kind, assertion)


def _time_problems(assertion: Assertion) -> Iterator[str]:
    for moment in (assertion.made, assertion.review):
        if moment.microsecond or moment.utcoffset() != timedelta(0):
            yield "a time in it is no whole second in UTC"
    if not assertion.made < assertion.review <= latest_review(assertion.made):
        yield f"its review is not after it was made and within {_YEARS} years of that"


_TARGETS: Mapping[str, tuple[int, int, Callable[[object], bool]]] = {
    Target.ITEM: (1, 1, is_digest),
    Target.STACK: (1, MAX_IDS, is_digest),
    Target.LINK: (2, 2, is_digest),
    Target.SERIES: (1, 1, is_identifier),
    Target.SUBJECT: (1, 1, is_identifier),
}
"""How many identifiers name a target, at least and at most, and of which form."""


def _about_problems(about: About) -> Iterator[str]:
    if about.type in _TARGETS:
        least, most, is_right = _TARGETS[about.type]
        if not least <= len(about.ids) <= most or not all(is_right(one) for one in about.ids):
            yield f"its identifiers do not name one {about.type}"


def _kind_problems(kind: Kind, assertion: Assertion) -> Iterator[str]:
    for field in kind.fields:
        if field.name in assertion.says:
            yield from _field_problems(field, assertion)
        elif field.required:
            yield f"its {field.name} is missing, which every {kind.key} has"
    if kind.takes_back and not assertion.supersedes:
        yield "it withdraws nothing"
    if kind.expires_days is not None and field_problem(_UNTIL, assertion.says.get(UNTIL)) is None:
        lasts = parse_time(assertion.says[UNTIL]) - assertion.made
        if not timedelta(0) < lasts <= timedelta(days=kind.expires_days):
            yield f"it does not end within {kind.expires_days} days"


_UNTIL = Field(UNTIL, FieldType.TIME)


def _field_problems(field: Field, assertion: Assertion) -> Iterator[str]:
    value, about = assertion.says[field.name], assertion.about.type
    problem = field_problem(field, value)
    if problem is not None:
        yield f"its {field.name} {problem}"
    elif field.type is FieldType.THING and about in _TARGETS and not _TARGETS[about][2](value):
        yield f"its {field.name} is no {about}, which it is about"


def _strange(assertion: Assertion) -> Iterator[str]:
    kind = load_kinds().get(assertion.kind)
    if kind is None:
        yield f"kind {assertion.kind}"
    else:
        yield from _strange_says(kind, assertion)
    if assertion.about.type not in _TARGETS:
        yield f"about a {assertion.about.type}"
    for place, unknown in (
        ("", assertion.unknown),
        ("about ", assertion.about.unknown),
        ("handling ", assertion.handling.unknown),
    ):
        yield from (f"member {place}{name}" for name in sorted(unknown))
    for what, word, known in (
        ("purpose", assertion.purpose, load_terms("purposes")),
        ("subject", assertion.subject, load_terms("subjects")),
        ("TLP level", assertion.handling.tlp, load_terms("tlp")),
        ("PAP level", assertion.handling.pap, load_terms("pap")),
        ("nature", assertion.nature, NATURES),
        ("algorithm", assertion.algorithm, (ALGORITHM,)),
    ):
        if word not in known:
            yield f"{what} {word}"


def _strange_says(kind: Kind, assertion: Assertion) -> Iterator[str]:
    fields = {field.name: field for field in kind.fields}
    if assertion.about.type in _TARGETS and assertion.about.type not in kind.about:
        yield f"{kind.key} about a {assertion.about.type}"
    for name, value in sorted(assertion.says.items()):
        if name not in fields:
            yield f"field {name}"
        elif not is_known_choice(fields[name], value):
            yield f"{name} {value}"


def _is_deeper(value: Json, limit: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, list) and (limit == 0 or any(_is_deeper(one, limit - 1) for one in value))
