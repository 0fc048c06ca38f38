"""A classifier whose deep tier reads when it is let: `python -m ….slow_classifier PIPE`.

It reads a message when the other end of the named pipe has been opened and closed.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import services.classifier
from services.classifier.app import serving
from services.classifier.settings import ClassifierSettings
from services.classifier.tagging import Tagger
from services.classifier.tagging.deep import Deep
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.weights import Weights
from shared.run import Build, main

MODEL = Path(services.classifier.__file__).parent / "model"


class Held:
    """A reader that waits until it may go on; like the real one, it keeps its thread meanwhile."""

    def __init__(self, wait: Callable[[], object]) -> None:
        self._wait = wait

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float64]:
        self._wait()
        return np.ones((len(texts), 384)) / 20

    def matters(self, texts: Sequence[str]) -> NDArray[np.float64]:
        return np.ones((len(texts), 384)) / 20


def held(wait: Callable[[], object]) -> Tagger:
    """Return a tagger of the deep tier that waits before it reads."""
    weights = Weights.read(MODEL)
    deep = Deep.read(MODEL, weights.about.tables_sha256, Held(wait), "deep")
    return Tagger(weights, Lists.read(), deep)


def builder(settings: ClassifierSettings) -> Build:
    return serving(held(Path(sys.argv[1]).read_bytes), settings)


if __name__ == "__main__":
    main("classifier", ClassifierSettings, builder)
