"""Training cases written for this project, by many hands: one file an author, in a short notation.

A group of messages that differ in little begins with `@`, a change of circumstances inside it with
`&`; both name category, channel, amount and facts. Every other line is a case: tone, pressure,
fault, flags, and the message after `|`. A `-` stands for nothing, a `_` in a fact for a space.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.classifier.training.corpus import Case, CorpusError, Gold, read_training
from shared.events.tags import Fault, Flag, Pressure, Tone

FOLDER: Final = Path(__file__).parent / "written"
"""One folder a language; the number of a file names its author."""
WRITTEN: Final = {"written": "7deb3a3f117bbad17062b8bfa9f9e0667c59d0b3b060ff650266b091e1824de7"}
"""The sha256 of all files, one after the other in the order of their names."""

_TRUTH: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class _Circumstances:
    category: str
    claim: dict[str, object] | None
    facts: dict[str, object]


def labelled(data: Path) -> list[Case]:
    """Read every whole message that is labelled: the training files in `data`, then the written.

    Raises:
        CorpusError: a file is missing or not the known one.

    """
    return [*read_training(data), *read_written()]


def read_written() -> list[Case]:
    """Read the written cases after checking that they are exactly the known ones.

    Raises:
        CorpusError: they are not.

    """
    whole = hashlib.sha256()
    for path in _paths(FOLDER):
        whole.update(path.read_bytes())
    if {"written": whole.hexdigest()} != WRITTEN:
        raise CorpusError(f"{FOLDER} has sha256 {whole.hexdigest()}, the model is made from others")
    return written(FOLDER)


def written(folder: Path) -> list[Case]:
    """Read every written case of a folder.

    Raises:
        CorpusError: a line is neither a case nor circumstances.

    """
    return [case for path in _paths(folder) for case in _read(path, path.parent.name)]


def _paths(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*.txt"))


def _read(path: Path, language: str) -> Iterator[Case]:
    author = f"{language}-{path.stem}"
    around, group = _circumstances("other|web|-|-"), 0
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            if line[0] in "@&":
                group += line[0] == "@"
                around = _circumstances(line[1:])
                continue
            labels, _, text = line.partition("|")
            gold = _gold(labels)
        except ValueError as error:
            raise CorpusError(f"{path}:{number} is not a case: {error}") from error
        yield Case(
            id=f"W-{author}-{number:03}",
            group=f"W-{author}-{group:02}",
            author=author,
            lang=language,
            category=around.category,
            text=text.strip().replace("\\n", "\n"),
            facts=around.facts,
            claim=around.claim,
            gold=gold,
        )


def _gold(labels: str) -> Gold:
    tone, pressure, fault, flags = labels.split()
    return Gold(
        tone=Tone(tone),
        pressure=Pressure(pressure),
        fault=Fault(fault),
        flags=frozenset(Flag(name) for name in flags.split(",") if name != "-"),
    )


def _circumstances(line: str) -> _Circumstances:
    category, _, claimed, facts = (part.strip() for part in line.split("|"))
    amount, _, currency = claimed.partition(" ")
    claim: dict[str, object] | None = {"amount": amount, "currency": currency} if currency else None
    return _Circumstances(category, claim, dict(_facts(facts.split())))


def _facts(pairs: Iterable[str]) -> Iterator[tuple[str, object]]:
    for pair in pairs:
        name, is_fact, value = pair.partition("=")
        if is_fact:
            yield name, _TRUTH.get(value, value.replace("_", " "))
