"""Says what in a changed schema would break a reader of old events or an old reader of new ones."""

from collections.abc import Iterator
from typing import Any, Final

# A change of one of these narrows what was promised; widening is done with a new topic version.
_CONSTRAINTS: Final = (
    "type",
    "const",
    "format",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
)


def incompatibilities(old: dict[str, Any], new: dict[str, Any], loads: dict[str, Any]) -> list[str]:
    """Compare a published schema with its successor; an empty list means compatible.

    Args:
        old: the schema as it was published (serialization mode, JSON Schema 2020-12).
        new: the schema as it would be published now.
        loads: what the new model accepts (validation mode): a field that old events lack must not
            be required here.

    """
    before = _inline(old, old)
    return [
        *_changes(before, _inline(new, new), ""),
        *_without_default(before, _inline(loads, loads), ""),
    ]


def _inline(node: Any, root: dict[str, Any]) -> Any:  # noqa: ANN401 - any part of a JSON document
    """Put every definition in the place that refers to it (the models do not recurse)."""
    if isinstance(node, list):
        return [_inline(part, root) for part in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inline(root["$defs"][node["$ref"].rsplit("/", 1)[1]], root)
    return {name: _inline(part, root) for name, part in node.items() if name != "$defs"}


def _changes(old: dict[str, Any], new: dict[str, Any], place: str) -> Iterator[str]:
    here = place or "body"
    for name in _CONSTRAINTS:
        if old.get(name) != new.get(name):
            yield f"{here}: {name} was {old.get(name)!r} and is {new.get(name)!r}"
    gone = [value for value in old.get("enum", ()) if value not in new.get("enum", ())]
    if gone:
        yield f"{here}: values removed: {', '.join(map(str, gone))}"
    for name, part in old.get("properties", {}).items():
        inner = f"{place}.{name}".lstrip(".")
        successor = new.get("properties", {}).get(name)
        if successor is None:
            yield f"{inner}: removed"
            continue
        if name in old.get("required", ()) and name not in new.get("required", ()):
            yield f"{inner}: no longer always there"
        yield from _changes(part, successor, inner)
    for one, other in _parts(old, new):
        yield from _changes(one, other, f"{here}[]")
    if len(old.get("anyOf", ())) > len(new.get("anyOf", ())):
        yield f"{here}: fewer alternatives"


def _without_default(old: dict[str, Any], loads: dict[str, Any], place: str) -> Iterator[str]:
    known = old.get("properties", {})
    for name in loads.get("required", ()):
        if known and name not in known:
            yield f"{place}.{name}".lstrip(".") + ": new and without a default"
    for name, part in known.items():
        successor = loads.get("properties", {}).get(name)
        if successor is not None:
            yield from _without_default(part, successor, f"{place}.{name}".lstrip("."))
    for one, other in _parts(old, loads):
        yield from _without_default(one, other, f"{place}[]")


def _parts(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Any]]:
    """Pair up the elements of arrays, the values of maps and the alternatives."""
    for name in ("items", "additionalProperties"):
        if isinstance(old.get(name), dict) and isinstance(new.get(name), dict):
            yield old[name], new[name]
    yield from zip(old.get("prefixItems", ()), new.get("prefixItems", ()), strict=False)
    yield from zip(old.get("anyOf", ()), new.get("anyOf", ()), strict=False)
