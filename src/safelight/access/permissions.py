"""What can be allowed on a node: one closed vocabulary.

A permission is `scope:resource:action`: the package whose work it is, the thing, and the verb, in lower-case words
joined by hyphens. A word is never given a second meaning: grants, requests and log entries that are years old hang on
it.

Rules kept here:
- what belongs to a case is allowed only with a case named, and to its members;
- what two persons must want (four eyes) names the parameters that both have signed, all of them and no others.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Permission(StrEnum):
    """What somebody may do, as `scope:resource:action`."""

    ACT_APPROVE = "access:act:approve"
    ACT_REQUEST = "access:act:request"
    BACKUP_TAKE = "access:backup:take"
    BREAK_GLASS_REVIEW = "access:break-glass:review"
    CASE_MEMBER_CHANGE = "access:case-member:change"
    OFFICER_ENROL = "access:officer:enrol"
    OFFICER_READ = "access:officer:read"
    OFFICER_REVOKE = "access:officer:revoke"
    ROLE_CHANGE = "access:role:change"
    ASSERTION_MAKE = "assertions:assertion:make"
    ASSERTION_MAKE_BY_TWO = "assertions:assertion:make-by-two"
    HANDLING_WIDEN = "assertions:handling:widen"
    CASE_OPEN = "casework:case:open"
    CASE_REPORT = "casework:case:report"
    CASE_REPORT_PICTURES = "casework:case:report-pictures"
    CASE_WORK = "casework:case:work"
    BASE_SEARCH = "known:base:search"
    LIST_IMPORT = "known:list:import"
    LIST_REMOVE = "known:list:remove"
    LOG_READ = "log:entry:read"
    LOG_VERIFY = "log:tree:verify"
    CONTENT_ERASE = "vault:content:erase"
    CONTENT_EXPORT = "vault:content:export"
    CONTENT_KEEP = "vault:content:keep"
    CONTENT_READMIT = "vault:content:readmit"
    CONTENT_VIEW = "vault:content:view"
    HOLD_LIFT = "vault:hold:lift"
    HOLD_PLACE = "vault:hold:place"
    KEY_ROTATE = "vault:key:rotate"
    KIT_MAKE = "vault:kit:make"


BY_CASE = frozenset(
    {
        Permission.CASE_REPORT,
        Permission.CASE_REPORT_PICTURES,
        Permission.CASE_WORK,
        Permission.CONTENT_EXPORT,
        Permission.CONTENT_KEEP,
        Permission.CONTENT_VIEW,
    }
)
"""What nobody may without naming a case whose member he is (need-to-know)."""

FOUR_EYES: Mapping[Permission, frozenset[str]] = MappingProxyType(
    {
        Permission.OFFICER_ENROL: frozenset({"days", "os-user", "public-key", "roles"}),
        Permission.ROLE_CHANGE: frozenset({"officer", "role", "change"}),
        Permission.ASSERTION_MAKE_BY_TWO: frozenset({"assertion"}),
        Permission.HANDLING_WIDEN: frozenset({"assertion"}),
        Permission.CASE_REPORT_PICTURES: frozenset({"case", "pictures", "recipient"}),
        Permission.CONTENT_ERASE: frozenset({"owner", "sha256"}),
        Permission.CONTENT_EXPORT: frozenset({"case", "manifest", "recipient"}),
        Permission.CONTENT_READMIT: frozenset({"tombstone"}),
        Permission.KEY_ROTATE: frozenset({"generation"}),
        Permission.KIT_MAKE: frozenset({"needed", "shares"}),
    }
)
"""What two persons must want, and the names of the parameters that fix exactly what."""

CONTENT_OR_ANSWERS = frozenset(
    {
        Permission.BASE_SEARCH,
        Permission.CASE_REPORT,
        Permission.CASE_REPORT_PICTURES,
        Permission.CASE_WORK,
        Permission.CONTENT_EXPORT,
        Permission.CONTENT_KEEP,
        Permission.CONTENT_VIEW,
    }
)
"""What shows content, or says whether something is known."""
