"""From what the sandbox answered to what is recorded: checked, named, never trusted."""

from safelight.evidence.archives.messages import Entry
from safelight.evidence.drafts import Content, Draft, Times
from safelight.evidence.models import ItemState, SightingHow, SightingState
from safelight.evidence.names import child_place, line_of
from safelight.evidence.reading import Reading
from safelight.evidence.recording import SeenItem
from safelight.media.sniff import sniff
from safelight.media.types import PICTURES, Beside, Clip, Kind
from safelight.sandbox import BadReplyError, Outcome, SandboxError
from safelight.signatures.digests import digest
from safelight.signatures.family import EmbeddedPicture, decode_family
from safelight.signatures.film_reading import Film, examination_of
from safelight.signatures.types import Digests, Embedded, Examination

REASON_CHARACTERS = 500
COVER = "cover"
_NO_MEDIA = {
    Kind.EMPTY: "an empty file",
    Kind.SOUND: "a sound recording: this version examines pictures and videos",
    Kind.OTHER_PICTURE: "a picture of a kind that this version cannot read",
    Kind.OTHER_ARCHIVE: "an archive of a kind that this version cannot open",
    Kind.DISK_IMAGE: "a disk image of a kind that this version cannot open",
    Kind.RAW_IMAGE: "the first sectors of a disk, too few to hold files",
    Kind.DOCUMENT: "a document",
    Kind.UNKNOWN: "no media by its content",
}
_MATCHED = "what is known is looked for in it, and nobody has to look at it"
_BESIDE: dict[str, str] = {
    Beside.DEPTH: f"the depth map of the picture: {_MATCHED}",
    Beside.GAIN_MAP: f"the brightness map of the picture: {_MATCHED}",
    Beside.MATTE: f"a matte of the picture: {_MATCHED}",
}
"""Pictures that a camera computes beside the one that it took."""
_NO_FILM = "it holds no film: a sound recording, or text, in a video's container"
_STATES = {
    ItemState.PICTURE: SightingState.EXAMINED,
    ItemState.VIDEO: SightingState.EXAMINED,
    ItemState.DAMAGED: SightingState.EXAMINED,
    ItemState.UNREADABLE: SightingState.UNREADABLE,
    ItemState.LOCKED: SightingState.LOCKED,
    ItemState.NO_MEDIA: SightingState.NOT_EXAMINED,
}
_NAMED = frozenset({Kind.OTHER_PICTURE, Kind.OTHER_ARCHIVE, Kind.DISK_IMAGE})
"""Kinds that may hold pictures and were not looked into."""


def settle(draft: Draft, reading: Reading, outcome: Outcome) -> list[Clip]:
    """Fill in a draft from the sandbox's answer about its content; videos inside it come back, to be read as well."""
    if isinstance(outcome.result, Film):
        _film(draft, reading.digests, reading.kind, outcome.result)
        return []
    if outcome.error is not None or outcome.reply is None:
        reason = outcome.error.message if outcome.error else "no answer"
        _unreadable(draft, reading.digests, reading.kind, reason, outcome.error.code if outcome.error else "crashed")
        return []
    try:
        family = decode_family(outcome.reply)
    except BadReplyError as error:
        _unreadable(draft, reading.digests, reading.kind, error.message, error.code)
        return []
    _picture(draft, reading, family.picture)
    draft.children = [_child(draft, number, inside) for number, inside in enumerate(family.embedded)]
    return family.picture.clips


def settle_clip(parent: Draft, clip: Clip, digests: Digests, kind: Kind, seen: Film | SandboxError) -> None:
    """Add the sighting of a video inside a picture: what reading it yielded, or why it could not be read."""
    child = _inner(parent, len(parent.children), clip.kind, digests)
    if isinstance(seen, Film):
        _film(child, digests, kind, seen)
    else:
        _unreadable(child, digests, kind, seen.message, seen.code)
    parent.children.append(child)


def settle_as_seen(draft: Draft, item: SeenItem) -> None:
    """Fill in a draft whose content was examined before."""
    draft.item = item.number
    draft.state = _STATES[item.state]
    if item.state in (ItemState.DAMAGED, ItemState.UNREADABLE):
        name_failure(draft, item.state.value, item.reason or "")
    elif item.state is ItemState.VIDEO and item.reason:
        name_failure(draft, ItemState.DAMAGED.value, item.reason)
    elif item.state in (ItemState.LOCKED, ItemState.NO_MEDIA):
        draft.reason = draft.reason or item.reason


def settle_unexamined(draft: Draft, reading: Reading) -> None:
    """Fill in a draft whose content is no picture, or one too large to decode."""
    reason = _NO_MEDIA.get(reading.kind, f"a {reading.kind.value} file above the size that is decoded")
    if reading.told is not None and reading.kind in _NAMED:
        reason = f"{reading.told}: this version cannot open it"
    reason = reading.segments.lone or reason
    draft.state = SightingState.NOT_EXAMINED
    if reading.kind in _NAMED or reading.kind in PICTURES or reading.segments.lone:
        name_failure(draft, "not examined", reason)
    draft.reason = draft.reason or reason
    draft.content = Content(reading.digests, reading.kind.value, ItemState.NO_MEDIA, reason)


def settle_part(draft: Draft, reading: Reading) -> None:
    """Fill in a draft of a further segment of a disk image: it is custody of that image, and walked with it."""
    reason = f"a further segment of the disk image {reading.segments.part_of}: its files are listed there"
    draft.state, draft.reason = SightingState.NOT_EXAMINED, reason
    draft.content = Content(reading.digests, reading.kind.value, ItemState.NO_MEDIA, reason)


def settle_no_file(draft: Draft, entry: Entry, reason: str | None) -> None:
    """Fill in a draft of what a container told and that is no file: a link, a volume, what came of stored digests."""
    draft.reason = reason or f"a {entry.what}, not followed"
    if entry.what == "unread":
        draft.failure = "not examined"
    elif entry.what == "differs":
        draft.state, draft.failure = SightingState.UNREADABLE, "stored digest"


def settle_cover(parent: Draft, cover: bytes, seen: bytes | SandboxError) -> None:
    """Add the sighting of a picture beside a film: the sandbox's answer about it, or why there is none."""
    try:
        if isinstance(seen, SandboxError):
            raise seen
        inside = EmbeddedPicture(Embedded(COVER, cover), decode_family(seen).picture, None)
    except SandboxError as error:
        inside = EmbeddedPicture(Embedded(COVER, cover), None, line_of(error.message)[:300])
    parent.children.append(_child(parent, len(parent.children), inside))


def name_failure(draft: Draft, failure: str, reason: str) -> None:
    """Name a failure; one that the draft has already is not forgotten for it."""
    draft.failure = draft.failure or failure
    draft.reason = "; ".join(filter(None, (draft.reason, reason)))


def _picture(draft: Draft, reading: Reading, seen: Examination) -> None:
    draft.state = SightingState.EXAMINED
    state = ItemState.DAMAGED if seen.damaged else ItemState.PICTURE
    damage = line_of(seen.damaged or "") or None
    draft.content = Content(reading.digests, seen.format, state, damage, seen)
    if damage:
        name_failure(draft, "damaged", damage)


def _film(draft: Draft, digests: Digests, kind: Kind, film: Film) -> None:
    state, reason = ItemState.VIDEO, line_of(film.damaged or "")[:REASON_CHARACTERS] or None
    if film.facts.locked:
        state, reason = ItemState.LOCKED, line_of(film.facts.locked)
    elif not film.facts.codec:
        state, reason = ItemState.NO_MEDIA, _NO_FILM
    elif reason:
        name_failure(draft, "damaged", reason)
    if state is not ItemState.VIDEO:
        draft.reason = draft.reason or reason
    draft.state = _STATES[state]
    draft.content = Content(digests, kind.value, state, reason, examination_of(film, kind.value), film)


def _unreadable(draft: Draft, digests: Digests, kind: Kind, reason: str, code: str) -> None:
    reason = line_of(reason)[:REASON_CHARACTERS]
    draft.state = SightingState.UNREADABLE
    name_failure(draft, code if code in ("crashed", "timed-out", "reply-too-large") else "unreadable", reason)
    draft.content = Content(digests, kind.value, ItemState.UNREADABLE, reason)


def _child(parent: Draft, number: int, inside: EmbeddedPicture) -> Draft:
    embedded = inside.embedded
    digests = digest(embedded.content)
    child = _inner(parent, number, embedded.kind, digests)
    seen = inside.examination
    if seen is None:
        kind = sniff(embedded.content[:4096]).value
        child.state, child.reason = SightingState.UNREADABLE, line_of(inside.refused or "")
        child.content = Content(digests, kind, ItemState.UNREADABLE, child.reason)
    elif embedded.kind in _BESIDE:
        child.state, child.reason = SightingState.NOT_EXAMINED, _BESIDE[embedded.kind]
        child.content = Content(digests, seen.format, ItemState.NO_MEDIA, child.reason, seen)
    else:
        state = ItemState.DAMAGED if seen.damaged else ItemState.PICTURE
        child.content = Content(digests, seen.format, state, line_of(seen.damaged or "") or None, seen)
    return child


def _inner(parent: Draft, number: int, kind: str, digests: Digests) -> Draft:
    """The sighting of something inside a picture."""
    return Draft(
        source=parent.source,
        parent=None,
        place=child_place(parent.place, kind.encode(), number),
        how=SightingHow.EMBEDDED,
        name=kind.encode(),
        state=SightingState.EXAMINED,
        times=Times(size=digests.size),
        version=parent.version,
        detail=kind,
    )
