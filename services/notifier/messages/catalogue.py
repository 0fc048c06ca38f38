"""Loads what is said in every language, with a bank's own texts in the place of ours.

Invariant: an own text replaces a text that exists and keeps its placeholders; whatever is wrong
with one stops the start and is named by file and key, so that no customer ever reads it.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from services.notifier.domain import Language
from services.notifier.messages.placeholders import placeholders
from services.notifier.messages.reading import TextsError, Tree, read
from services.notifier.messages.texts import Texts

_HERE: Final = Path(__file__).parent
_PLACES: Final = "places"
_LONGEST_SUBJECT: Final = 120
_MARKUP: Final = re.compile(r"<[A-Za-z/!?]|&#?\w+;")
_JOINERS: Final = "\n\u00a0\u202f\u200d"
"""Not printable and yet allowed: line ends, spaces that do not break, the joiner of emoji."""
_LINES: Final = frozenset({"greeting", "greeting_unnamed", "closing"})
"""Texts that may have more than one line."""


def load(own: Path | None = None) -> dict[Language, Texts]:
    """Read the texts of every language; `own` is the folder of the bank's own texts.

    A file of the folder is named like ours (`pl.yaml`, `places.yaml`) and holds only what differs.

    Raises:
        TextsError: a text is missing or wrong.

    """
    ours = {name: read(_HERE / f"{name}.yaml") for name in (*Language, _PLACES)}
    for name, path in _files(own):
        theirs = read(path)
        if name == _PLACES:
            ours[name] = {**ours[name], "places": _places(ours[name], theirs, path)}
        else:
            ours[name] = _merged(ours[name], theirs, path)
    return {language: _checked(language, ours[language], ours[_PLACES]) for language in Language}


def _files(own: Path | None) -> list[tuple[str, Path]]:
    if own is None:
        return []
    if not own.is_dir():
        raise TextsError(f"{own}: is not a folder; point EVENHAND_MESSAGES_DIR at one")
    known = {*Language, _PLACES}
    found = []
    for path in sorted(own.iterdir()):
        if path.suffix not in {".yaml", ".yml"} or path.name.startswith("."):
            continue
        if path.suffix == ".yml" or path.stem not in known:
            names = ", ".join(sorted(f"{name}.yaml" for name in known))
            raise TextsError(f"{path}: no such file of texts; use one of {names}")
        found.append((path.stem, path))
    return found


def _checked(language: Language, tree: dict[str, Tree], data: dict[str, Tree]) -> Texts:
    answer = tree.get("final_answer")
    if isinstance(answer, dict):
        for part, name, known in (
            ("recourse", "places", data["places"]),
            ("automatic", "laws", data["automatic"]),
        ):
            texts = answer.get(part)
            if isinstance(texts, dict):
                answer = {**answer, part: {**texts, name: known}}
        tree = {**tree, "final_answer": answer}
    try:
        return Texts.model_validate(tree, context={"language": language})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        reason = first["msg"].removeprefix("Value error, ")
        raise TextsError(f"{language}.yaml: {key}: {reason}") from error


def _merged(ours: Tree, theirs: Tree, path: Path, key: str = "") -> dict[str, Tree]:
    """Put own texts in the place of ours, key by key.

    Raises:
        TextsError: there is no such key, or the text cannot stand there.

    """
    if not isinstance(theirs, dict) or not isinstance(ours, dict):
        raise TextsError(f"{path}: {key or 'the file'}: must hold keys and texts")
    merged = dict(ours)
    for name, value in theirs.items():
        place = f"{key}.{name}" if key else name
        if name not in ours:
            known = ", ".join(sorted(ours))
            raise TextsError(f"{path}: {place}: no such key; there are {known}")
        old = ours[name]
        if isinstance(old, dict):
            merged[name] = _merged(old, value, path, place)
        elif isinstance(old, list):
            merged[name] = _list(value, path, place)
        else:
            merged[name] = _text(str(old), value, path, place)
    return merged


def _list(value: Tree, path: Path, key: str) -> Tree:
    if not isinstance(value, list) or not value:
        raise TextsError(f"{path}: {key}: must be a list of texts")
    return [_text("", text, path, f"{key}.{n}") for n, text in enumerate(value)]


def _text(old: str, value: Tree, path: Path, key: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TextsError(f"{path}: {key}: must be a text, and not empty")
    try:
        found = placeholders(value)
    except ValueError as error:
        raise TextsError(f"{path}: {key}: {error}") from error
    wanted = placeholders(old)
    if missing := sorted(wanted - found):
        raise TextsError(f"{path}: {key}: lacks the placeholder {{{missing[0]}}}")
    if unknown := sorted(found - wanted):
        raise TextsError(f"{path}: {key}: there is no placeholder {{{unknown[0]}}} here")
    if markup := _MARKUP.search(value):
        raise TextsError(
            f"{path}: {key}: has markup ({markup.group()}…); write plain words, we make the HTML"
        )
    name = key.rpartition(".")[2]
    allowed = _JOINERS if name in _LINES else _JOINERS[1:]
    if strange := next((c for c in value if not c.isprintable() and c not in allowed), None):
        raise TextsError(f"{path}: {key}: has the character U+{ord(strange):04X}; leave it out")
    if name.startswith("subject") and len(value) > _LONGEST_SUBJECT:
        raise TextsError(f"{path}: {key}: has {len(value)} of at most {_LONGEST_SUBJECT} letters")
    return value


def _places(ours: Mapping[str, Tree], theirs: dict[str, Tree], path: Path) -> Tree:
    """Put the bank's bodies of a country in the place of ours."""
    own, shipped = theirs.get("places"), ours["places"]
    if set(theirs) - {"places", "version"} or not isinstance(own, dict):
        raise TextsError(f"{path}: must hold `places`, and the bodies of each by country")
    if wrong := [code for code in own if not re.fullmatch("[A-Z]{2}", code)]:
        raise TextsError(f"{path}: places.{wrong[0]}: must be a country of two capital letters")
    return {**shipped, **own} if isinstance(shipped, dict) else own
