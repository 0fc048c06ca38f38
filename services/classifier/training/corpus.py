"""Labelled cases, read from JSON lines and checked against the hashes that the model names."""

import codecs
import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from services.classifier.tagging.message import Message
from shared.events.tags import Fault, Flag, Pressure, Tone
from shared.plainly import told

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


SECOND_AUTHOR: Final = "second"
PIECES: Final = {
    "en.txt": "9867bb83a72d1282e6cdd16ced6660201867e7789f106c742647c42f23b1f3e8",
    "pl.txt": "e00f8a43809ff068feb46d75afa711565fd977d81a799f04e24d1c9b0fb96d01",
    "ru.txt": "4c0d22dbfaa1d989bae6f50e64a25cb41194c6780e393f46e35b1f3ec05f2db7",
    "uk.txt": "69d3ad2c644ff6e85cc23502c7328d66d6953b312736f0f65b37213f281e0623",
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
    """Read labelled cases; blank lines hold none.

    Raises:
        CorpusError: a file cannot be read or a line is not a labelled case.

    """
    cases = []
    for path in paths:
        try:
            written = path.read_bytes().removeprefix(codecs.BOM_UTF8)
        except OSError as error:
            raise CorpusError(f"cannot read {path}: {error.strerror}") from error
        for number, line in enumerate(written.split(b"\n"), 1):
            if not line.strip():
                continue
            try:
                cases.append(Case.model_validate(json.loads(line.decode())))
            except (ValueError, RecursionError) as error:
                why = _told(error)
                raise CorpusError(f"{path}:{number} is not a labelled case: {why}") from error
    return cases


def _told(error: ValueError | RecursionError) -> str:
    """Say in one line what is wrong with a case, by field where it has fields."""
    match error:
        case ValidationError():
            flaws = error.errors(include_url=False, include_input=False)
            fields = [".".join(str(part) for part in flaw["loc"]) for flaw in flaws]
            said = [told(flaw) for flaw in flaws]
            pairs = zip(fields, said, strict=True)
            return "; ".join(f"{field}: {why}" if field else why for field, why in pairs)
        case json.JSONDecodeError():
            return f"is not JSON: {error.msg.lower()} (column {error.colno})"
        case UnicodeDecodeError():
            return f"is not UTF-8 (byte {error.start + 1})"
        case RecursionError():
            return "is nested too deep"
        case _:
            return str(error)


def read_training(folder: Path) -> list[Case]:
    """Read the training files after checking that they are exactly the known ones."""
    beside = Path(__file__).parent / "extra"
    check([FRAGMENTS / name for name in PIECES], list(PIECES.values()))
    paths = [folder / name for name in TRAINING] + [beside / name for name in EXTRA]
    check(paths, [*TRAINING.values(), *EXTRA.values()])
    cases = read(paths)
    return [_manner_only(case) if case.author == SECOND_AUTHOR else case for case in cases]


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
            raise CorpusError(f"cannot read {path}: {error.strerror}") from error
        if found != known:
            raise CorpusError(f"{path} has sha256 {found}, the model is made from {known}")
