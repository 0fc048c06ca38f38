"""The written pieces of which training cases are composed: one file a language, in sections.

A piece says one thing: a manner, a consequence, a circumstance, or what happened and who erred; a
pair has a manner and a consequence and stands alone.
"""

from dataclasses import dataclass, field
from typing import Final

from services.classifier.training.corpus import FRAGMENTS, CorpusError
from shared.events.tags import Fault

FOLDS: Final = 5

_PARTY: Final = {
    "b": Fault.COMPANY,
    "o": Fault.CUSTOMER,
    "t": Fault.THIRD_PARTY,
    "s": Fault.SHARED,
    "n": Fault.UNCLEAR,
}


@dataclass(frozen=True, slots=True)
class Body:
    """What happened: who erred by it, in which category, and what the bank knows."""

    fault: Fault
    category: str
    text: str
    facts: str = ""


@dataclass(slots=True)
class Pieces:
    """The pieces of one language, or of one fold of it."""

    said: dict[str, list[str]] = field(default_factory=dict)
    intros: dict[str, list[str]] = field(default_factory=dict)
    bodies: list[Body] = field(default_factory=list)

    def fold(self, number: int) -> "Pieces":
        """Return every fifth piece of each kind; openings are common to all folds."""
        return Pieces(
            {name: lines[number::FOLDS] for name, lines in self.said.items()},
            self.intros,
            self.bodies[number::FOLDS],
        )


def read_pieces(language: str) -> Pieces:
    """Read the pieces of a language.

    Raises:
        CorpusError: a line stands outside a section or is not of its kind.

    """
    path = FRAGMENTS / f"{language}.txt"
    pieces, section = Pieces(), ""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.startswith("# "):
            section = line.removeprefix("# ")
            continue
        kind, _, category = section.partition(" ")
        if kind in {"tone", "pressure", "flag", "pair"}:
            pieces.said.setdefault(section, []).append(line)
            continue
        mark, _, text = line.partition(": ")
        if mark == "i":
            pieces.intros.setdefault(category, []).append(text)
            continue
        who, _, facts = mark.partition(" ")
        if kind == "shared" and text:
            pieces.bodies.append(Body(Fault.SHARED, "", text, facts))
        elif who in _PARTY and text:
            pieces.bodies.append(Body(_PARTY[who], category, text, facts))
        else:
            raise CorpusError(f"{path}:{number} is not a piece of {section!r}")
    return pieces
