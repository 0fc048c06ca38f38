"""Reads JSON the strict way: what two parsers could understand differently is refused.

Refused: duplicate keys, NaN and infinite numbers, absurdly long numbers, deep nesting, NUL and
lone surrogates (PostgreSQL cannot store them). Never raises on any bytes.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from shared.http.flaws import Flaw, Invalid, Unreadable, path_of

DEPTH: Final = 32
_DIGITS = 100
# Whatever could end up as NUL or as half a character is written with one of these escapes.
_SUSPICIOUS: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class _NotPlainError(ValueError):
    """A number that JSON or we do not know; the text says which."""


class _DoubledKeyError(ValueError):
    """A key stood twice in one object."""


class _Doubled(dict[str, Any]):
    """An object in which a key stood twice."""

    key: str = ""


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise _NotPlainError(f"holds a number with more than {_DIGITS} digits; send it as a string")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _NotPlainError("holds a number that is too large; send it as a string")
    return number


def _constant(name: str) -> float:
    raise _NotPlainError(f"holds {name}, which is not JSON; use null")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DoubledKeyError
    return found


def _marked_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = _Doubled(pairs)
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            found.key = key
            return found
        seen.add(key)
    return dict(found)


def _decoder(build: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=build,
        parse_int=_integer,
        parse_float=_float,
        parse_constant=_constant,
    )


_DECODER: Final = _decoder(_object)
# Only read again with this one to say where the duplicate stands.
_MARKING_DECODER: Final = _decoder(_marked_object)


def read(body: bytes) -> Any | Unreadable | Invalid:  # noqa: ANN401 - JSON is any value
    """Return the value, or what is wrong with the bytes."""
    try:
        value = _DECODER.decode(body.decode())
    except UnicodeDecodeError as error:
        return _unreadable(f"is not UTF-8 (byte {error.start + 1}); encode it as UTF-8")
    except json.JSONDecodeError as error:
        line = f"line {error.lineno}, " if b"\n" in body else ""
        return _unreadable(f"is not JSON: {error.msg.lower()} ({line}column {error.colno})")
    except _NotPlainError as error:
        return _unreadable(str(error))
    except _DoubledKeyError:
        return _name_doubled(body)
    except RecursionError:
        return _unreadable(f"is nested deeper than {DEPTH} levels; flatten it")
    return _inspect(body, value)


def _name_doubled(body: bytes) -> Unreadable:
    try:
        value = _MARKING_DECODER.decode(body.decode())
    except (ValueError, RecursionError):  # something else is wrong further on
        value = None
    for path, part in _walk(value):
        if isinstance(part, _Doubled):
            name = path_of([*path, part.key])
            return Unreadable(Flaw(name, "stands twice in one object; send it once"))
    return _unreadable("holds an object in which a key stands twice; send it once")


def _inspect(body: bytes, value: Any) -> Any | Unreadable | Invalid:  # noqa: ANN401 - any value
    """Look into the value, but only where its bytes give a reason to."""
    if body.count(b"{") + body.count(b"[") <= DEPTH and not _SUSPICIOUS.search(body):
        return value
    flaws: list[Flaw] = []
    for path, part in _walk(value):
        if len(path) >= DEPTH and isinstance(part, dict | list):
            return _unreadable(f"is nested deeper than {DEPTH} levels; flatten it")
        texts = [part] if isinstance(part, str) else part if isinstance(part, dict) else []
        if any(_cannot_be_stored(text) for text in texts):
            flaws.append(Flaw(path_of(path), "holds a NUL or half of a surrogate pair; remove it"))
    return Invalid(tuple(flaws)) if flaws else value


def _walk(value: Any) -> Iterator[tuple[Sequence[str | int], Any]]:  # noqa: ANN401 - any value
    stack: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while stack:
        path, part = stack.pop()
        yield path, part
        if len(path) > DEPTH:
            continue
        if isinstance(part, dict):
            stack.extend(((*path, key), inner) for key, inner in part.items())
        elif isinstance(part, list):
            stack.extend(((*path, index), inner) for index, inner in enumerate(part))


def _cannot_be_stored(text: str) -> bool:
    return "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text)


def _unreadable(detail: str) -> Unreadable:
    return Unreadable(Flaw("body", detail))
