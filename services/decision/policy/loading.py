"""Reads a policy's folder: `policy.yaml` and `matrices/*.yaml`, whole or not at all.

A mistake stops the policy and never a case. The text of the error names file, line, field, reason
and fix, one mistake a line.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from services.decision.policy.checks import Flaw, check
from services.decision.policy.matrix import ROOT
from services.decision.policy.model import Policy, PolicyError
from services.decision.policy.reading import Document, Place, ReadingError, Value, read

__all__ = ["SHIPPED", "PolicyError", "check_succession", "load", "load_body"]

SHIPPED: Final = Path(__file__).resolve().parent
_POLICY: Final = "policy.yaml"
_MOST: Final = 64
"""Matrices of one policy."""

_REASONS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "extra_forbidden": lambda _: "is not a known key; remove it or correct its spelling",
    "missing": lambda _: "is missing; add it",
    "greater_than_equal": lambda ctx: (
        "must not be negative; give 0 or more" if not ctx["ge"] else f"must be at least {ctx['ge']}"
    ),
    "greater_than": lambda ctx: f"must be more than {ctx['gt']}",
    "less_than_equal": lambda ctx: f"must be at most {ctx['le']}",
    "less_than": lambda ctx: f"must be less than {ctx['lt']}",
    "enum": lambda ctx: f"must be one of {ctx['expected']}",
    "literal_error": lambda ctx: f"must be one of {ctx['expected']}",
    "decimal_parsing": lambda _: "must be a number",
    "decimal_type": lambda _: "must be a number",
    "float_parsing": lambda _: "must be a number",
    "float_type": lambda _: "must be a number",
    "int_parsing": lambda _: "must be a whole number",
    "int_type": lambda _: "must be a whole number",
    "string_type": lambda _: "must be text; put it in quotes",
    "too_short": lambda _: "must not be empty; add one",
}


def load(folder: Path | None = None) -> Policy:
    """Read the policy of a folder (default: the shipped one).

    Raises:
        PolicyError: a file is missing or wrong.

    """
    folder = folder or SHIPPED
    documents = {name: _read(folder, name) for name in _files(folder)}
    body = json.dumps(
        {name: document.values for name, document in documents.items()},
        sort_keys=True,
        default=str,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    policy = _policy(body, documents)
    places = {
        "valid_from": _at(("valid_from",), documents),
        **{f"matrices.{name}": _at(("matrices", name), documents) for name in policy.matrices},
    }
    return policy.read_from(body, places)


def load_body(text: str) -> Policy:
    """Restore a policy from its body alone; it has the same hash.

    Raises:
        PolicyError: the body is not one of a policy.

    """
    return _policy(text, {}).read_from(text, {})


def check_succession(new: Policy, active: Policy | None, today: date) -> None:
    """Refuse a changed policy that would begin in the past; the first policy of all may.

    A policy that begins in the future passes: it is to be made active on its day.

    Raises:
        PolicyError: the new policy, or a matrix that it changes, begins before today.

    """
    if active is None or new.hash == active.hash:
        return
    late = []
    if new.valid_from < today:
        late.append(("valid_from", new.valid_from, "valid_from"))
    for name, matrix in new.matrices.items():
        if name != ROOT and matrix != active.matrices.get(name) and matrix.valid_from < today:
            late.append((f"matrices.{name}", matrix.valid_from, f"matrices.{name}.valid_from"))
    if late:
        raise PolicyError(
            "\n".join(
                f"{new.place_of(key)}: {field}: {begins} is in the past, and another policy was "
                f"active then; give {today} or later"
                for key, begins, field in late
            )
        )


def _files(folder: Path) -> list[str]:
    names = [
        f"matrices/{path.name}"
        for path in sorted((folder / "matrices").glob("*"))
        if not path.name.startswith(".")
    ]
    for name in names:
        if not name.endswith(".yaml"):
            raise PolicyError(f"{name}: is not read; name it *.yaml or take it away")
    if len(names) > _MOST:
        raise PolicyError(f"matrices: there are {len(names)} files, and at most {_MOST} are read")
    return [_POLICY, *names]


def _read(folder: Path, name: str) -> Document:
    try:
        document = read(folder / name)
    except ReadingError as error:
        raise PolicyError(_told(name, error.line, error.place, error.reason)) from error
    if not isinstance(document.values, dict):
        raise PolicyError(_told(name, 1, (), "must be a list of keys and values"))
    return document


def _policy(body: str, documents: Mapping[str, Document]) -> Policy:
    """Check the data of a body and build the policy; `documents` says where its lines are."""
    try:
        files: dict[str, dict[str, Value]] = json.loads(body, parse_float=Decimal)
        whole: dict[str, object] = dict(files.pop(_POLICY))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise PolicyError(f"body: is not the body of a policy: {error}") from error
    if "matrices" in whole:
        raise PolicyError(
            _flaw(Flaw(("matrices",), "matrices stand in files of their own"), documents)
        )
    whole["matrices"] = {Path(name).stem: values for name, values in files.items()}
    try:
        policy = Policy.model_validate(whole)
    except ValidationError as error:
        raise PolicyError(_text(map(_from_pydantic, error.errors()), documents)) from error
    flaws = [*check(policy.read_from(body, {}))]
    if flaws:
        raise PolicyError(_text(flaws, documents))
    return policy


def _from_pydantic(error: ErrorDetails) -> Flaw:
    place = tuple(part for part in error["loc"] if part != "[key]")
    told = _REASONS.get(error["type"])
    reason = error["msg"] if told is None else told(error.get("ctx", {}))
    given = error["input"]
    if error["type"] not in {"missing", "extra_forbidden"} and isinstance(
        given, str | int | Decimal
    ):
        reason = f"{reason} (it is {str(given)[:60]!r})"
    return Flaw(place, reason)


def _text(flaws: Iterable[Flaw], documents: Mapping[str, Document]) -> str:
    return "\n".join(_flaw(flaw, documents) for flaw in flaws)


def _flaw(flaw: Flaw, documents: Mapping[str, Document]) -> str:
    name, inside = _file_of(flaw.place)
    document = documents.get(name)
    return _told(name, None if document is None else _line(inside, document), inside, flaw.reason)


def _file_of(place: Place) -> tuple[str, Place]:
    if len(place) > 1 and place[0] == "matrices":
        return f"matrices/{place[1]}.yaml", place[2:]
    return _POLICY, place


def _line(place: Place, document: Document) -> int:
    while place not in document.lines:
        place = place[:-1]
    return document.lines[place]


def _at(place: Place, documents: Mapping[str, Document]) -> str:
    name, inside = _file_of(place)
    return f"{name}:{_line((*inside, 'valid_from') if inside == () else inside, documents[name])}"


def _told(name: str, line: int | None, place: Place, reason: str) -> str:
    where = name if line is None else f"{name}:{line}"
    field = ".".join(map(str, place))
    return ": ".join(part for part in (where, field, reason) if part)
