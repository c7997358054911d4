"""Where sources contradict each other about one content. They are found and shown side by side, never resolved.

Two claims contradict when one says known good and the other grades it, when they give different values in the same
scheme, or when one says identified (or distributed) and the other says not. Values of different schemes are not
compared: that would be a translation.
"""

from collections.abc import Iterable
from itertools import pairwise

from safelight.casework.report.model import Claim, Evidence, ReportItem


def points_of_contradiction(item: ReportItem) -> list[str]:
    """Name what an item's claims disagree on ("known good", "grade in DEMO", "victim identified"); [] if they agree."""
    claims = [evidence.claim for evidence in item.evidence]
    points = []
    if _differ(claim.known_good for claim in claims):
        points.append("known good")
    points += [f"grade in {scheme or 'no named scheme'}" for scheme in _schemes_at_odds(claims)]
    if _differ(claim.victim_identified for claim in claims):
        points.append("victim identified")
    if _differ(claim.offender_identified for claim in claims):
        points.append("offender identified")
    if _differ(claim.distributed for claim in claims):
        points.append("distributed")
    return points


def distinct_claims(evidence: Iterable[Evidence]) -> list[Evidence]:
    """Keep one evidence for each distinct claim, in the order given."""
    kept: dict[Claim, Evidence] = {}
    for one in evidence:
        kept.setdefault(one.claim, one)
    return list(kept.values())


def _schemes_at_odds(claims: list[Claim]) -> list[str]:
    grades: dict[str, set[str]] = {}
    for claim in claims:
        if claim.grade is not None:
            grades.setdefault(claim.scheme or "", set()).add(claim.grade)
    return sorted(scheme for scheme, values in grades.items() if len(values) > 1)


def _differ(values: Iterable[bool | None]) -> bool:
    said = [value for value in values if value is not None]
    return any(one != other for one, other in pairwise(said))
