"""Tone, pressure, fault and flags of a message, from its words and from the bank's facts."""

from pathlib import Path

from services.classifier.tagging.lists import Lists
from services.classifier.tagging.message import Message
from services.classifier.tagging.tagger import Tagger
from services.classifier.tagging.weights import ModelError, Weights

__all__ = ["Message", "ModelError", "Tagger", "load"]


def load(folder: Path | None = None) -> Tagger:
    """Load a tagger; without a folder, the model that is shipped beside this package.

    Raises:
        ModelError: the artefact is missing, damaged or not made for these word lists.

    """
    return Tagger(Weights.read(folder or Path(__file__).parent.parent / "model"), Lists.read())
