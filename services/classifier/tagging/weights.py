"""The trained artefact: weight tables in one .npz (no pickle) and their description in JSON.

The description holds the hash of the tables and of the word lists; either being different from
what was trained together is an error, never a silent change of behaviour.
"""

import hashlib
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from services.classifier.tagging.lists import FILES
from shared.events.tags import Fault, Flag, Pressure, Tone

TABLES: Final = "weights.npz"
DESCRIPTION: Final = "model.json"

LANGUAGES: Final = ("en", "pl", "ru", "uk")
HEADS: Final[dict[str, tuple[str, ...]]] = {
    "tone": tuple(Tone),
    "pressure": tuple(Pressure),
    "language": LANGUAGES,
    "flags": tuple(Flag),
}
"""Columns of the style table, in order; its last column is the squared length."""
FAULTS: Final = tuple(Fault)
"""Columns of the fault table, in order; its last column is the squared length."""
STYLE: Final = slice(0, sum(map(len, HEADS.values())) + 1)
FAULT: Final = slice(STYLE.stop, STYLE.stop + len(FAULTS) + 1)
"""Where both stand when they are put side by side."""


class ModelError(Exception):
    """The artefact is missing, damaged or does not belong to these word lists."""


class Description(BaseModel):
    """What was trained, on what, and how sure it may be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    tables_sha256: str
    lists_sha256: str
    inputs_sha256: dict[str, str]
    length_unit: float
    length_floor: float
    style_scale: tuple[float, ...]
    style_bias: tuple[float, ...]
    fault_scale: tuple[float, ...]
    fault_bias: tuple[float, ...]
    sharpness: dict[str, float]
    flag_slope: tuple[float, ...]
    flag_offset: tuple[float, ...]
    flag_threshold: tuple[float, ...]
    rule_confidence: dict[str, float]


@dataclass(frozen=True, slots=True)
class Weights:
    """Tables of whole numbers and what turns their sums into probabilities."""

    style: NDArray[np.int16]
    fault: NDArray[np.int16]
    dense_flags: NDArray[np.float64]
    dense_fault: NDArray[np.float64]
    about: Description

    @property
    def table(self) -> NDArray[np.int16]:
        """Return the style table and the fault table side by side."""
        return np.hstack([self.style, self.fault])

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read and check an artefact.

        Raises:
            ModelError: a file is missing or unreadable, or a hash differs.

        """
        try:
            about = Description.model_validate_json((folder / DESCRIPTION).read_bytes())
            content = (folder / TABLES).read_bytes()
        except (OSError, ValueError) as error:
            raise ModelError(f"cannot read the model in {folder}: {error}") from error
        if hashlib.sha256(content).hexdigest() != about.tables_sha256:
            raise ModelError(f"{folder / TABLES} does not have the sha256 that {DESCRIPTION} names")
        if lists_sha256() != about.lists_sha256:
            raise ModelError(f"the word lists changed since {folder} was trained: train again")
        with np.load(folder / TABLES, allow_pickle=False) as tables:
            return cls(
                tables["style"],
                tables["fault"],
                tables["dense_flags"],
                tables["dense_fault"],
                about,
            )


def columns(head: str) -> slice:
    """Return where the style table keeps the columns of a head."""
    names = list(HEADS)
    start = sum(len(HEADS[name]) for name in names[: names.index(head)])
    return slice(start, start + len(HEADS[head]))


def lists_sha256() -> str:
    """Return the hash of the word lists that are shipped with this package."""
    whole = hashlib.sha256()
    folder = resources.files("services.classifier.tagging") / "lists"
    for name in FILES:
        whole.update((folder / f"{name}.yaml").read_bytes())
    return whole.hexdigest()


def write(folder: Path, weights: Weights) -> None:
    """Write an artefact; `about.tables_sha256` is filled in here."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        folder / TABLES,
        style=weights.style,
        fault=weights.fault,
        dense_flags=weights.dense_flags,
        dense_fault=weights.dense_fault,
    )
    found = hashlib.sha256((folder / TABLES).read_bytes()).hexdigest()
    about = weights.about.model_copy(update={"tables_sha256": found})
    text = json.dumps(about.model_dump(), indent=2, sort_keys=True)
    (folder / DESCRIPTION).write_text(text + "\n", "utf-8")
