"""Walks JSON of any size for the media entries of a VICS file, one entry at a time.

An entry is an object in an array named `Media` or `value` (or in the outermost array). Everything else that an entry
or a case contains (`MediaFiles`, `Exifs`, ...) is passed over without being kept; depth is bounded. Plain entries that
follow one another are built at one stroke (`pieces`), with the same outcome.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import ijson

from safelight.errors import InputError
from safelight.known.formats.pieces import Pairs, Pieces
from safelight.known.formats.text import Utf8Stream

ENTRY_KEYS = frozenset({"MD5", "SHA1", "SHA256", "MediaID", "Category", "PhotoDNA", "MediaSize"})
_HOLDERS = frozenset({"", "value", "Media", "Cases"})
_COLLECTED = frozenset({"AlternativeHashes", "Tags"})
_DEPTH_LIMIT = 64
_FIELD_LIMIT = 200
_ITEM_LIMIT = 64
_TEXT_LIMIT = 40_000

Event = tuple[str, Any]


class TooDeepError(InputError):
    """Objects lie inside objects deeper than any list has reason for."""


@dataclass
class _Frame:
    """One open object or array: the name it stands under, and of an object its plain fields so far."""

    is_object: bool
    name: str
    key: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    holds: bool = False


class Found(NamedTuple):
    """One element of an array of entries: the entry's plain fields, or whatever stood there instead."""

    entry: dict[str, Any] | None
    stray: object = None


class Walk:
    """The entries of one file, in order; `context` and `case` say what the file told of itself so far."""

    def __init__(self, stream: Utf8Stream) -> None:
        self.context = ""
        self.case: dict[str, Any] = {}
        self._pieces = Pieces(stream)
        self._events = self._parse()
        self._stack: list[_Frame] = []

    def __iter__(self) -> Iterator[Found]:
        """Yield each entry once.

        Raises:
            ijson.JSONError: the file is not, or not any more, JSON.
            TooDeepError: more than 64 levels.
        """
        for event, value in self._events:
            if event == "map_key":
                self._stack[-1].key = value
            elif event in {"start_map", "start_array"}:
                self._open(event)
            elif event in {"end_map", "end_array"}:
                found = self._close()
                if found is not None:
                    yield found
                    yield from self._follow(event)
            elif self._stack and not self._stack[-1].is_object:
                yield Found(None, _bounded(value))
            elif self._stack:
                self._keep(self._stack[-1], value)

    def _parse(self) -> Iterator[Event]:
        """The parser's events, piece by piece: after the last event of an object nothing of it is left inside."""
        events: list[Event] = ijson.sendable_list()
        parser = ijson.basic_parse_coro(events)
        while piece := self._pieces.next_piece():
            try:
                parser.send(piece)
            except (ijson.JSONError, ArithmeticError, ValueError):
                yield from events
                raise
            yield from events
            events.clear()
        parser.close()

    def _follow(self, event: str) -> Iterator[Found]:
        """The plain entries that follow an entry in its array: the parser, which stands after it, never sees them."""
        while event == "end_map" and self._stack and not self._stack[-1].is_object:
            pairs = self._pieces.next_object()
            if pairs is None:
                return
            fields = _fields(pairs)
            if fields is None:
                self._pieces.give_back()
                return
            yield Found(fields) if ENTRY_KEYS & fields.keys() else Found(None, fields)

    def _open(self, event: str) -> None:
        top = self._stack[-1] if self._stack else None
        name = "" if top is None else top.key if top.is_object else top.name
        if name in _COLLECTED and top is not None:
            self._keep(top, self._collect(event, 1))
        elif name not in _HOLDERS:
            self._skip()
        else:
            if len(self._stack) >= _DEPTH_LIMIT:
                raise TooDeepError
            if top is not None:
                top.holds = True
            self._stack.append(_Frame(event == "start_map", name))

    def _close(self) -> Found | None:
        frame = self._stack.pop()
        if not frame.is_object:
            return None
        if ENTRY_KEYS & frame.fields.keys():
            return Found(frame.fields)
        if frame.holds or not self._stack:
            return None
        return Found(None, frame.fields)

    def _keep(self, frame: _Frame, value: object) -> None:
        kept = _bounded(value)
        if len(frame.fields) < _FIELD_LIMIT:
            frame.fields[frame.key] = kept
        if frame.key in {"odata.metadata", "@odata.context"}:
            self.context = str(kept)[:500]
        if frame.key.startswith(("Case", "Contact", "SourceApplication")):
            self.case.setdefault(frame.key, kept)

    def _skip(self) -> None:
        """Pass over the container that was just opened."""
        depth = 1
        for event, _ in self._events:
            if event in {"start_map", "start_array"}:
                depth += 1
                if depth > _DEPTH_LIMIT:
                    raise TooDeepError
            elif event in {"end_map", "end_array"}:
                depth -= 1
                if not depth:
                    return

    def _collect(self, event: str, depth: int) -> object:
        """Build the container that was just opened, its first 64 items only."""
        if depth > _DEPTH_LIMIT:
            raise TooDeepError
        items: list[Any] = []
        keys: list[str] = []
        for inner, value in self._events:
            if inner in {"end_map", "end_array"}:
                break
            if inner == "map_key":
                keys.append(value)
                continue
            built = self._collect(inner, depth + 1) if inner in {"start_map", "start_array"} else _bounded(value)
            if len(items) < _ITEM_LIMIT:
                items.append(built)
            del keys[_ITEM_LIMIT:]
        return dict(zip(keys, items, strict=False)) if event == "start_map" else items


def _fields(pairs: Pairs) -> dict[str, Any] | None:
    """The plain fields of an entry as the walk keeps them; None where it is large or may hold entries itself."""
    if len(pairs) > _FIELD_LIMIT:
        return None
    fields: dict[str, Any] = {}
    for name, value in pairs:
        kind = type(value)
        if kind is str:
            fields[name] = value[:_TEXT_LIMIT]
        elif kind is not list and kind is not tuple:
            fields[name] = value
        elif name in _COLLECTED:
            fields[name] = _collected(value)
        elif name in _HOLDERS:
            return None
    return fields


def _collected(value: object) -> object:
    """An inner array or object as `Walk` collects it: its first 64 items only."""
    if isinstance(value, list):
        return [_collected(item) for item in value[:_ITEM_LIMIT]]
    if isinstance(value, tuple):
        return {name: _collected(item) for name, item in value[:_ITEM_LIMIT]}
    return _bounded(value)


def _bounded(value: object) -> object:
    return value[:_TEXT_LIMIT] if isinstance(value, str) else value
