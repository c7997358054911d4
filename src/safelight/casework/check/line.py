"""The production line between reading and recording: one queue, the sandbox pool, and who waits for whom."""

import os
import threading
from collections.abc import Iterator
from functools import partial

from safelight.casework.check.budget import Budget, contents_allowed
from safelight.casework.check.parcel import Parcel
from safelight.casework.check.settling import settle, settle_as_seen, settle_clip, settle_cover
from safelight.casework.check.texts import Text, Texts
from safelight.evidence.drafts import Draft
from safelight.evidence.reading import CHUNK_BYTES, Reading, read_content
from safelight.evidence.recording import SeenItem, find_items
from safelight.media.sniff import HEAD, sniff
from safelight.media.types import PICTURES, VIDEOS, Clip
from safelight.sandbox import BadReplyError, Handover, Job, Nursery, Outcome, Pool, SandboxError, SealedContent
from safelight.signatures.film_reading import Film, read_film
from safelight.vault.content import Vault

_BUDGET_BYTES = 512 << 20
_QUEUE = 2000


class Line:
    """Takes what was read, has pictures examined once per content and texts read, hands parcels to the recorder."""

    def __init__(self, nursery: Nursery, vault: Vault, *, workers: int, ask_database: bool) -> None:
        self.vault = vault
        self._nursery = nursery
        self._pool = Pool(nursery, self._examined, workers=workers)
        self._texts = Texts(nursery, self.put, workers=max(1, workers // 2))  # they share the processors with pictures
        self.parcels: Handover[Parcel] = Handover(_QUEUE)
        self.urgent = threading.Event()
        self.budget = Budget(_BUDGET_BYTES, contents_allowed())
        self.stop = threading.Event()
        self._lock = threading.Lock()
        self._waiting: dict[bytes, list[Parcel]] = {}
        self._items: dict[bytes, SeenItem] = {}
        self._ask_database = ask_database
        self._closing: threading.Thread | None = None
        self._pool_failed: BaseException | None = None

    def examine(self, parcel: Parcel, reading: Reading) -> None:
        """Have a picture or a video examined, unless this content was or is being; the parcel arrives later."""
        sha256 = reading.digests.sha256
        with self._lock:
            item = self._items.get(sha256)
            waiting = self._waiting.get(sha256)
            if item is None and waiting is not None:
                self.let_go(parcel)
                waiting.append(parcel)
                return
            if item is None:
                self._waiting[sha256] = []
        if item is not None:
            self.let_go(parcel)
        elif self._ask_database:  # an item of an earlier run is not examined again; this case may want to keep it
            item = find_items([reading.digests], self.vault)[0]
        if item is not None:
            settle_as_seen(parcel.draft, item)
            self.put(parcel)
            self._release_waiting(sha256, parcel.draft)
        elif parcel.content is not None:
            self._pool.submit(Job(parcel.content, reading.kind.value.encode(), (parcel, reading)))
        elif parcel.opened is not None:
            watch = partial(read_film, self._nursery, parcel.opened)
            self._pool.submit(Job(None, b"", (parcel, reading), watch))

    def read(self, parcel: Parcel, reading: Reading) -> None:
        """Have the text read of what is no media, unless it is recorded already; the parcel arrives with it."""
        with self._lock:
            known = reading.digests.sha256 in self._items
        if known or reading.text is None or self.stop.is_set():
            self.put(parcel)
        else:
            self._texts.read(Text(parcel, reading.text, len(reading.text) < reading.digests.size, reading.charset))

    def put(self, parcel: Parcel) -> None:
        """Hand a parcel to the recorder; waits while it has too many."""
        if self.stop.is_set() or not self.parcels.put(parcel, self.stop.is_set):
            self.let_go(parcel)
        elif parcel.recorded is not None:
            self.urgent.set()

    def recorded(self, sha256: bytes, item: SeenItem) -> None:
        """Remember the item of a content that is recorded now."""
        with self._lock:
            self._items[sha256] = item

    def let_go(self, parcel: Parcel) -> None:
        """Close the parcel's content or open file, and give its bytes back."""
        if parcel.content is not None:
            parcel.content.close()
            parcel.content = None
        if parcel.opened is not None:
            os.close(parcel.opened)
            parcel.opened = None
        if parcel.held is not None:
            self.budget.give_back(parcel.held)
            parcel.held = None

    def abandon(self) -> None:
        """Drop what is not recorded yet; the line is stopped."""
        self._pool.close(drop=True)
        self._texts.close(drop=True)
        while not self.parcels.empty():
            self.let_go(self.parcels.take())

    def begin_close(self) -> None:
        """Nothing more will be examined: let the pool finish, while its parcels are recorded."""
        self._closing = threading.Thread(target=self._finish_pool, daemon=True)
        self._closing.start()

    def check(self) -> None:
        """Raise what ended the pool, where something did: nobody else may be about to hand it anything."""
        self._pool.check()
        self._texts.check()

    def closed(self) -> bool:
        """Whether the pool has finished.

        Raises:
            SandboxUnavailableError: it could not.
        """
        if self._pool_failed is not None:
            raise self._pool_failed
        return self._closing is not None and not self._closing.is_alive()

    def _finish_pool(self) -> None:
        try:
            self._texts.close()
            self._pool.close()
        except BaseException as error:  # noqa: BLE001 - the border of the thread: `closed` raises it again
            self._pool_failed = error

    @property
    def crashes(self) -> int:
        """How often a decoder crashed."""
        return self._pool.crashes + self._texts.crashes

    def _examined(self, outcome: Outcome) -> None:
        parcel, reading = outcome.job.tag
        for clip in settle(parcel.draft, reading, outcome):
            self._watch(parcel, clip)
        for cover in outcome.result.covers if isinstance(outcome.result, Film) else ():
            settle_cover(parcel.draft, cover, self._look(cover))
        if parcel.opened is not None:
            self.let_go(parcel)
        self.put(parcel)
        self._release_waiting(reading.digests.sha256, parcel.draft)

    def _look(self, picture: bytes) -> bytes | SandboxError:
        """Have a picture beside a film examined."""
        kind = sniff(picture[:HEAD])
        if kind not in PICTURES:
            return BadReplyError("it is no picture of a kind that can be read")
        try:
            with SealedContent.of([picture]) as content:
                return self._nursery.call(content, kind.value.encode())
        except SandboxError as error:
            return error

    def _watch(self, parcel: Parcel, clip: Clip) -> None:
        """Have a video inside a picture read, and add its sighting."""
        assert parcel.content is not None
        seen: Film | SandboxError
        with SealedContent.of(_pieces(parcel.content, clip)) as content:
            inside = read_content(_pieces(content, Clip(clip.kind, 0, content.size)))
            inside.close()
            if inside.kind in VIDEOS:
                try:
                    seen = read_film(self._nursery, content.fd)
                except SandboxError as error:
                    seen = error
            else:
                seen = BadReplyError("no video lies where one was said to be")
        settle_clip(parcel.draft, clip, inside.digests, inside.kind, seen)

    def _release_waiting(self, sha256: bytes, first: Draft) -> None:
        with self._lock:
            others = self._waiting.pop(sha256, [])
        for other in others:
            other.draft.content, other.draft.item, other.draft.state = first.content, first.item, first.state
            other.draft.failure = other.draft.failure or first.failure
            other.draft.reason = other.draft.reason or first.reason
            self.put(other)


def _pieces(content: SealedContent, clip: Clip) -> Iterator[bytes]:
    """What lies in a stretch of a content, as far as it reaches."""
    end = min(clip.offset + clip.size, content.size)
    for at in range(clip.offset, end, CHUNK_BYTES):
        yield content.read(min(CHUNK_BYTES, end - at), at)
