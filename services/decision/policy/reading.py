"""Reads YAML into plain values and remembers the line of each; refuses what a policy never needs.

YAML's core schema: `NO` is a country and not false, and numbers keep their decimals. No aliases
(one short file can unfold to gigabytes), no tags, no doubled keys, no deep nesting, no large files.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeAlias

import yaml

from shared.yaml_file import LOADER

LARGEST: Final = 262_144
"""Bytes of one file."""
_DEEPEST: Final = 12
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,20}")
_DECIMAL: Final = re.compile(r"[-+]?[0-9]{1,20}\.[0-9]{1,20}")

Value: TypeAlias = "dict[str, Value] | list[Value] | str | int | Decimal | bool | None"
Place: TypeAlias = tuple[str | int, ...]


class ReadingError(Exception):
    """The file is not what a policy's file may be; `line` counts from 1."""

    def __init__(self, line: int | None, place: Place, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.place = place
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Document:
    """The values of one file and the line of each."""

    values: Value
    lines: dict[Place, int]


def read(path: Path) -> Document:
    """Read one file.

    Raises:
        ReadingError: it is not there, too large, not YAML, or holds what a policy may not.

    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ReadingError(None, (), f"cannot be read ({error.strerror}); put it there") from error
    if len(content) > LARGEST:
        raise ReadingError(
            None, (), f"has {len(content)} bytes, and at most {LARGEST} are read; split it"
        )
    try:
        events = yaml.parse(content.decode(), Loader=LOADER)
        return _Reader(iter(events)).document()
    except UnicodeDecodeError as error:
        raise ReadingError(None, (), "is not UTF-8; save it so") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise ReadingError(line, (), f"is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ReadingError(None, (), f"is not YAML: {error}") from error


class _Reader:
    """Builds values from YAML's events, so that nothing is unfolded before it is looked at."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._lines: dict[Place, int] = {}

    def document(self) -> Document:
        next(self._events)  # the stream's start
        first = next(self._events)
        if isinstance(first, yaml.StreamEndEvent):
            raise ReadingError(None, (), "is empty; write the policy into it")
        values = self._value(next(self._events), ())
        next(self._events)  # the document's end
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise ReadingError(_line(after), (), "holds a second document; keep one")
        return Document(values, self._lines)

    def _value(self, event: yaml.Event, place: Place) -> Value:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent):
            raise ReadingError(line, place, "aliases are not allowed; write the value out")
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            raise ReadingError(line, place, "anchors are not allowed; write the value out")
        if len(place) > _DEEPEST:
            raise ReadingError(line, place, f"is nested deeper than {_DEEPEST} levels; flatten it")
        self._lines.setdefault(place, line)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, place)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, place)
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event, place)
        raise ReadingError(line, place, "is not a value")

    def _mapping(self, start: yaml.MappingStartEvent, place: Place) -> Value:
        _refuse_tag(start, place)
        values: dict[str, Value] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            line = _line(event)
            if not isinstance(event, yaml.ScalarEvent) or event.anchor is not None:
                raise ReadingError(line, place, "a key must be a plain word")
            key = event.value
            if key in values:
                first = self._lines[(*place, key)]
                raise ReadingError(
                    line, (*place, key), f"stands twice, first on line {first}; keep one"
                )
            self._lines[(*place, key)] = line
            values[key] = self._value(next(self._events), (*place, key))
        return values

    def _sequence(self, start: yaml.SequenceStartEvent, place: Place) -> Value:
        _refuse_tag(start, place)
        values: list[Value] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            values.append(self._value(event, (*place, len(values))))
        return values


def _line(event: yaml.Event) -> int:
    return 1 if event.start_mark is None else int(event.start_mark.line) + 1


def _refuse_tag(event: yaml.CollectionStartEvent | yaml.ScalarEvent, place: Place) -> None:
    if event.tag is not None:
        raise ReadingError(_line(event), place, f"tags are not allowed ({event.tag}); remove it")


def _scalar(event: yaml.ScalarEvent, place: Place) -> Value:
    _refuse_tag(event, place)
    text: str = event.value
    if event.style is not None:
        return text
    if text in {"", "~", "null"}:
        return None
    if text in {"true", "false"}:
        return text == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text
