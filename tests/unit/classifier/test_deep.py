"""The deep tier: asked where the fast one is unsure, never about fault."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import services.classifier
from services.classifier.tagging import Message, ModelError, Tagger, Tier
from services.classifier.tagging.deep import DESCRIPTION, TABLES, Deep
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.weights import Weights

MODEL = Path(services.classifier.__file__).parent / "model"
CLEAR = "Good morning, what documents do I need for a mortgage? Kind regards"
DOUBTFUL = "My patience is finished and so is your excuse."


class Remembering:
    """A reader that remembers what it read and finds no meaning in anything."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float64]:
        self.read += texts
        return np.ones((len(texts), 384)) / 20


def tagger(reader: Remembering, tier: Tier) -> Tagger:
    weights = Weights.read(MODEL)
    deep = Deep.read(MODEL, weights.about.tables_sha256, reader, tier)
    return Tagger(weights, Lists.read(), deep)


def test_only_what_the_fast_tier_is_unsure_of_is_read_again() -> None:
    reader = Remembering()
    tagger(reader, "cascade").tag([Message(CLEAR), Message(DOUBTFUL)])
    assert reader.read == [DOUBTFUL]


def test_the_deep_tier_reads_everything() -> None:
    reader = Remembering()
    tags = tagger(reader, "deep").tag([Message(CLEAR), Message(DOUBTFUL)])
    assert {CLEAR, DOUBTFUL} <= set(reader.read)
    assert all("+deep-" in each.model for each in tags)


def test_fault_is_that_of_the_fast_tier() -> None:
    message = Message(DOUBTFUL)
    fast = Tagger(Weights.read(MODEL), Lists.read()).tag([message])[0]
    assert tagger(Remembering(), "deep").tag([message])[0].fault == fast.fault


def test_no_messages_are_not_read() -> None:
    reader = Remembering()
    assert tagger(reader, "deep").tag([]) == []
    assert reader.read == []


def test_tables_for_another_fast_model_are_refused() -> None:
    with pytest.raises(ModelError, match="another fast model"):
        Deep.read(MODEL, "0" * 64, Remembering(), "deep")


def test_damaged_tables_are_refused(tmp_path: Path) -> None:
    for name in (TABLES, DESCRIPTION):
        shutil.copy(MODEL / name, tmp_path / name)
    known = json.loads((tmp_path / DESCRIPTION).read_text("utf-8"))
    (tmp_path / TABLES).write_bytes(b"PK")
    with pytest.raises(ModelError, match="does not have the sha256"):
        Deep.read(tmp_path, known["fast_sha256"], Remembering(), "deep")
