"""Labelled cases, read from JSON lines and checked against the hashes that the model names."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from services.classifier.tagging.message import Message
from shared.events.tags import Fault, Flag, Pressure, Tone

TRAINING: Final = {
    "cases_train_en.jsonl": "aabd0de98dbeb181564c0151317ebe0eac68e95b31e87836b397f92e2d869580",
    "cases_train_pl.jsonl": "1b6057b3b4612a332aaf3a31a9f89639b7e329ad3094bef6ba31730085714328",
    "cases_train_ru.jsonl": "a96f7cd5e451213b83d151aa6083038004aafc3d5c53e8c79545cf6913af6aeb",
    "cases_train_uk.jsonl": "f90558e6ac0d6d79ec3e24801cb18a3a5a7a59268076c39e79f2417dc6d55876",
}
"""The files that are trained on, and their sha256. Development files never stand here."""
EXTRA: Final = {
    "danger_or_idiom.jsonl": "2e8099ad248e15d82b4060bb04b6ed2897ea3da40f2f4148bdd344d6bf4d9faf",
}
"""Files beside this module, of a second author: pairs that differ in danger, need or only a figure
of speech. They teach manner and flags; every other one raises a flag, so they calibrate nothing.
"""


PIECES: Final = {
    "en.txt": "676a6fc6e6fba879368b7167e4b6f5d9c34c0a05307d0e17ee65901214b4dc19",
    "pl.txt": "476d00dbfeaa96d7e5bf020719e35ed45f72f4a925b39971d08d2616fe581bc0",
    "ru.txt": "1fb6b1b1b74daccb22051ecf4bcadf010667eec3927d717af6e012295914dba5",
    "uk.txt": "189510dfff1505c22529ba2cb86cc2c4db20f0cdee404d5f64d71c9f847868d4",
}
"""Pieces of which cases are composed, by a third author."""
FRAGMENTS: Final = Path(__file__).parent / "fragments"


class CorpusError(Exception):
    """A file of cases is missing, unreadable or not the one that the model was made for."""


class Gold(BaseModel):
    """The labels of one case."""

    model_config = ConfigDict(frozen=True)

    tone: Tone
    pressure: Pressure
    fault: Fault
    flags: frozenset[Flag]


class Case(BaseModel):
    """One labelled message. Cases of one group differ in little and stay on one side of a split.

    The training files have one author for each language; only others are named.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    group: str = ""
    author: str = ""
    lang: str
    category: str
    text: str
    facts: dict[str, object] | None = None
    claim: dict[str, object] | None = None
    gold: Gold
    teaches: frozenset[str] = frozenset({"tone", "pressure", "fault", *Flag})

    @property
    def message(self) -> Message:
        """What the tagger is told of this case."""
        return Message(self.text, self.facts or {}, self.category, self.claim is not None)


def read(paths: Iterable[Path]) -> list[Case]:
    """Read labelled cases.

    Raises:
        CorpusError: a file cannot be read or a line is not a labelled case.

    """
    cases = []
    for path in paths:
        try:
            lines = path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise CorpusError(f"cannot read {path}: {error}") from error
        for number, line in enumerate(lines, 1):
            try:
                cases.append(Case.model_validate(json.loads(line)))
            except ValueError as error:
                raise CorpusError(f"{path}:{number} is not a labelled case: {error}") from error
    return cases


def read_training(folder: Path) -> list[Case]:
    """Read the training files after checking that they are exactly the known ones."""
    beside = Path(__file__).parent / "extra"
    check([FRAGMENTS / name for name in PIECES], list(PIECES.values()))
    paths = [folder / name for name in TRAINING] + [beside / name for name in EXTRA]
    check(paths, [*TRAINING.values(), *EXTRA.values()])
    cases = read(paths)
    return [_manner_only(case) if case.author else case for case in cases]


def _manner_only(case: Case) -> Case:
    """Keep the cases of the second author from teaching fault: they carry no facts."""
    return case.model_copy(update={"teaches": case.teaches - {"fault"}})


def check(paths: Sequence[Path], expected: Sequence[str]) -> None:
    """Compare files with their known sha256.

    Raises:
        CorpusError: a file is missing or differs.

    """
    for path, known in zip(paths, expected, strict=True):
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise CorpusError(f"cannot read {path}: {error}") from error
        if found != known:
            raise CorpusError(f"{path} has sha256 {found}, the model is made from {known}")
