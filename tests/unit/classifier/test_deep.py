"""The deep tier: asked where the fast one is unsure; manner never reaches its opinion of fault."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import services.classifier
from services.classifier.tagging import Message, ModelError, Tagger, Tier
from services.classifier.tagging.deep import DESCRIPTION, TABLES, Deep
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.weights import Weights

MODEL = Path(services.classifier.__file__).parent / "model"
CLEAR = "Good morning, what documents do I need for a mortgage? Kind regards"
DOUBTFUL = "My patience is finished and so is your excuse."
PAID_IN_TIME = {
    "due_at": "2026-06-30T23:59:59+02:00",
    "paid_at": "2026-06-20T09:00:00+02:00",
}
ACCUSING = Message("The payment went out twice after your update.", {}, "payment_failed")


class Remembering:
    """A reader that remembers what it read; its vectors follow from the text alone."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.matter: list[str] = []

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float64]:
        self.read += texts
        return np.ones((len(texts), 384)) / 20

    def matters(self, texts: Sequence[str]) -> NDArray[np.float64]:
        self.matter += texts
        seeds = [int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) for text in texts]
        return np.stack([np.random.default_rng(seed).normal(size=384) / 20 for seed in seeds])


@cache
def weights() -> Weights:
    return Weights.read(MODEL)


@cache
def words_of_manner() -> tuple[str, ...]:
    lists = Lists.read()
    known = (*lists.whole, *lists.prefixes)
    return tuple(word for word in known if lists.meaning(word).concepts & lists.manner)


def tagger(reader: Remembering, tier: Tier) -> Tagger:
    deep = Deep.read(MODEL, weights().about.tables_sha256, reader, tier)
    return Tagger(weights(), Lists.read(), deep)


def test_only_what_the_fast_tier_is_unsure_of_is_read_again() -> None:
    reader = Remembering()
    tagger(reader, "cascade").tag([Message(CLEAR), Message(DOUBTFUL)])
    assert reader.read == [DOUBTFUL]


def test_the_deep_tier_reads_everything() -> None:
    reader = Remembering()
    tags = tagger(reader, "deep").tag([Message(CLEAR), Message(DOUBTFUL)])
    assert {CLEAR, DOUBTFUL} <= set(reader.read)
    assert len(reader.matter) == 2
    assert all("+deep-" in each.model for each in tags)


def test_the_deep_tier_revises_fault() -> None:
    fast = Tagger(weights(), Lists.read()).tag([ACCUSING])[0]
    deep = tagger(Remembering(), "deep").tag([ACCUSING])[0]
    assert deep.fault.confidence != fast.fault.confidence


def test_facts_that_settle_the_matter_outrank_the_deep_tier() -> None:
    message = Message("You have lost my payment.", PAID_IN_TIME, "missed_due_date")
    reader = Remembering()
    deep = tagger(reader, "deep").tag([message])[0]
    assert deep.fault == Tagger(weights(), Lists.read()).tag([message])[0].fault
    assert reader.matter == []


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_words_of_manner_never_reach_the_deep_opinion_of_fault(data: st.DataObject) -> None:
    manner = data.draw(st.sampled_from(words_of_manner()))
    sign = data.draw(st.sampled_from(["!", "?!", "...", "!!!!"]))
    rough = f"{manner} {ACCUSING.text.upper()}{sign} {manner}"
    for tier in ("cascade", "deep"):
        plain, rude = Remembering(), Remembering()
        before = tagger(plain, tier).tag([ACCUSING])[0]
        after = tagger(rude, tier).tag([Message(rough, {}, "payment_failed")])[0]
        assert rude.matter == plain.matter
        assert after.fault == before.fault


def test_whether_the_matter_is_read_does_not_depend_on_tone() -> None:
    reader = Remembering()
    messages = [Message(text) for text in (DOUBTFUL, CLEAR)]
    tagger(reader, "cascade").tag(messages)
    chances = [tags.fault.confidence for tags in Tagger(weights(), Lists.read()).tag(messages)]
    assert len(reader.matter) == sum(chance < 0.85 for chance in chances)


def test_facts_never_reach_the_deep_opinion_of_tone() -> None:
    first, second = Remembering(), Remembering()
    bare = tagger(first, "deep").tag([Message(DOUBTFUL)])[0]
    known = tagger(second, "deep").tag([Message(DOUBTFUL, PAID_IN_TIME, "fraud", claim=True)])[0]
    assert first.read == second.read == [DOUBTFUL]
    assert (bare.tone, bare.pressure) == (known.tone, known.pressure)


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
