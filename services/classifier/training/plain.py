"""Plain public texts: everyday sentences that neither sneer, insult nor threaten.

They teach what ordinary wording looks like: tone, pressure and that nobody is in danger; a share of
each file is read where it lies, and nothing of it is copied into the project but what the weights
have learned.
"""

import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from services.classifier.training.corpus import Case, Gold, check
from shared.events.tags import Fault, Flag, Pressure, Tone

AUTHOR: Final = "plain"
PUBLIC: Final = {
    "brighter_eng_train.csv.gz": "b6a9cf7a6ab79d41bcfdf42ae598d676c3261fe84810c87189d528c015b4042f",
    "brighter_rus_train.csv.gz": "3bdd150a55114b7cfe2377a0de48a6ad209a4e63b624b008394cd2a473bdf162",
    "brighter_ukr_train.csv.gz": "332730b58b2837eae588e39693adc0ab8b8583816cc22bae4e1285b96fb085d9",
    "en_banking77_train.csv.gz": "eec5f16d49941f140cc6eb7b31c721615609908d6211ecc9993781589fb87b2e",
}
"""Files below `public/` of the data folder, and their sha256."""
_LANGUAGE: Final = {"eng": "en", "rus": "ru", "ukr": "uk"}
_FEELINGS: Final = ("anger", "disgust", "fear", "joy", "sadness", "surprise")
_PER_FILE: Final = 3000
_SETS: Final = 50
"""Rows are dealt into so many groups."""
_GOLD: Final = Gold(
    tone=Tone.COURTEOUS, pressure=Pressure.NONE, fault=Fault.UNCLEAR, flags=frozenset()
)


def plain(data: Path) -> list[Case]:
    """Read a share of the plain rows of each file.

    Raises:
        CorpusError: a file is missing or not the known one.

    """
    folder = data / "public"
    check([folder / name for name in PUBLIC], list(PUBLIC.values()))
    return [case for name in PUBLIC for case in _cases(folder / name)]


def _cases(path: Path) -> Iterator[Case]:
    name = path.name.split("_")[1]
    texts = list(_plain_texts(path))
    for number, text in enumerate(texts[:: max(1, len(texts) // _PER_FILE)]):
        yield Case(
            id=f"{name}-{number}",
            group=f"{name}-{number % _SETS}",
            author=AUTHOR,
            lang=_LANGUAGE.get(name, "en"),
            category="other",
            text=text,
            gold=_GOLD,
            teaches=frozenset({"tone", "pressure", Flag.SAFETY}),
        )


def _plain_texts(path: Path) -> Iterator[str]:
    """Yield the rows without any feeling; where none is annotated, all rows."""
    content = gzip.decompress(path.read_bytes()).decode("utf-8")
    for row in csv.DictReader(io.StringIO(content, newline="")):
        if not any(row.get(feeling) == "1" for feeling in _FEELINGS):
            yield row["text"]
