"""Who may see an assertion, act on it and pass it on: decided here and nowhere else.

Rules kept here:
- the unit that made an assertion may see it; others only where its handling names them, and until its review. What is
  urgent, and what takes back, stay after it: nothing hides that a child may be at risk, nor that it was a mistake;
- nobody reads it for another purpose than its own, not even the unit that made it;
- TLP and PAP narrow the handling and never widen it; a level, or a member of the handling, that is not known here may
  be a restriction, so it admits nobody but the source;
- acting wants more than seeing: the source's agreement where it asks for that, a PAP level that admits it, and a
  statement that is understood, and has not ended;
- only the source hands out what is not for onward sharing, and nobody hands it to somebody who may not see it;
- what takes an earlier statement back is by the same agency and reaches at least whom that one reached, as long;
- where it reaches more, or lets them do more, it widens the handling, which two persons must want; so does what says
  the same again.
"""

from dataclasses import dataclass, field
from datetime import datetime

from safelight.assertions.kinds import load_kinds
from safelight.assertions.record import Assertion, expiry, not_understood
from safelight.assertions.vocabularies import Admitted, admits
from safelight.errors import InputError


class CannotFollowError(InputError):
    """The assertion may not take the place of the earlier one."""


@dataclass(frozen=True)
class Reader:
    """Who asks, for whom and for what: agency, its groups, whether it is a provider, the purposes at hand, the time."""

    agency: str
    purposes: frozenset[str]
    at: datetime
    groups: frozenset[str] = field(default_factory=frozenset)
    is_provider: bool = False


def may_see(assertion: Assertion, reader: Reader) -> bool:
    """Whether the assertion exists for the reader."""
    if assertion.purpose not in reader.purposes:
        return False
    if assertion.agency == reader.agency:
        return True
    return (reader.at < assertion.review or _outlasts(assertion)) and bool(_reaches(assertion, reader))


def may_act(assertion: Assertion, reader: Reader, *, source_agreed: bool = False) -> bool:
    """Whether the reader may take steps because of it that others notice.

    `source_agreed` says that the source was asked and agreed; the source needs nobody's agreement.
    """
    if not may_see(assertion, reader) or not_understood(assertion) or has_ended(assertion, reader.at):
        return False
    if assertion.agency == reader.agency:
        return True
    return "acting" in admits("pap", assertion.handling.pap) and (source_agreed or not assertion.handling.ask_first)


def may_pass_on(assertion: Assertion, reader: Reader, to: Reader) -> bool:
    """Whether the reader may hand the assertion to `to`, who asks for purposes of their own."""
    if not (may_see(assertion, reader) and may_see(assertion, to)):
        return False
    return assertion.agency == reader.agency or (assertion.handling.onward and "onward" in _admitted(assertion))


def has_ended(assertion: Assertion, at: datetime) -> bool:
    """Whether it ended by itself before or at this time: its review has come, or its kind has expired."""
    end = expiry(assertion)
    return at >= (assertion.review if end is None else min(end, assertion.review))


def check_follows(later: Assertion, earlier: Assertion) -> None:
    """Check that `later` may take `earlier` back, so that everybody who saw the one learns of the other.

    Raises:
        CannotFollowError: it may not; withdraw with the same handling first, then say it anew.
    """
    wrong = (
        (earlier.id not in later.supersedes, "it does not name it"),
        (later.agency != earlier.agency, "only the agency that made a statement takes it back"),
        (later.made < earlier.made, "it was made before it"),
        (later.review < earlier.review, "it would end before it"),
        (
            _outlasts(earlier) and not _outlasts(later),
            "that is shown after its review, so only an urgent or a withdrawn one takes it back",
        ),
        (later.purpose != earlier.purpose, "it has another purpose, so not everybody would learn of it"),
        (not _is_as_wide(later, earlier), "its handling is narrower, so not everybody would learn of it"),
    )
    for is_wrong, why in wrong:
        if is_wrong:
            raise CannotFollowError(f"The assertion {later.id} cannot take the place of {earlier.id}: {why}.")


def widens(later: Assertion, earlier: Assertion) -> bool:
    """Whether `later` opens to anybody, or for anything, what `earlier` did not."""
    one, other = later.handling, earlier.handling
    return (
        not _is_as_wide(earlier, later)
        or one.onward > other.onward
        or one.ask_first < other.ask_first
        or not admits("pap", one.pap) <= admits("pap", other.pap)
    )


def _outlasts(assertion: Assertion) -> bool:
    """Whether it is shown after its review, too."""
    kind = load_kinds().get(assertion.kind)
    return kind is not None and (kind.urgent or kind.takes_back)


def _admitted(assertion: Assertion) -> frozenset[Admitted]:
    """Whom its TLP level admits; nobody where its handling has members that only a newer node knows."""
    return frozenset() if assertion.handling.unknown else admits("tlp", assertion.handling.tlp)


def _reaches(assertion: Assertion, reader: Reader) -> bool:
    handling, admitted = assertion.handling, _admitted(assertion)
    return (
        ("agencies" in admitted and reader.agency in handling.agencies)
        or ("groups" in admitted and not reader.groups.isdisjoint(handling.groups))
        or ("all-units" in admitted and handling.all_units and not reader.is_provider)
        or ("providers" in admitted and handling.providers and reader.is_provider)
    )


def _is_as_wide(later: Assertion, earlier: Assertion) -> bool:
    one, other = later.handling, earlier.handling
    # Levels are compared by whom they admit: "clear" takes back "green".
    return (
        _admitted(later) >= _admitted(earlier)
        and set(one.agencies) >= set(other.agencies)
        and set(one.groups) >= set(other.groups)
        and one.all_units >= other.all_units
        and one.providers >= other.providers
    )
