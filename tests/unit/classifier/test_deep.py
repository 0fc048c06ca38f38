"""The deep tier: asked where the fast one is unsure; manner never reaches its opinion of fault."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import services.classifier
from services.classifier.tagging import Message, ModelError, Tagger, Tier
from services.classifier.tagging.deep import DESCRIPTION, SURE, TABLES, TARGETS, Deep, FlagMixing
from services.classifier.tagging.encoder import LONGEST
from services.classifier.tagging.flags import FLAGS, Flagging
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.message import CATEGORIES
from services.classifier.tagging.parts import READ
from services.classifier.tagging.weights import Weights
from shared.events.tags import Flag, FlagTag, Pressure, Tags

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
def lists() -> Lists:
    return Lists.read()


@cache
def words_of_manner() -> tuple[str, ...]:
    known = (*lists().whole, *lists().prefixes)
    return tuple(word for word in known if lists().meaning(word).concepts & lists().manner)


def tagger(reader: Remembering, tier: Tier) -> Tagger:
    deep = Deep.read(MODEL, weights().about.tables_sha256, reader, tier)
    return Tagger(weights(), lists(), deep)


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
    fast = Tagger(weights(), lists()).tag([ACCUSING])[0]
    deep = tagger(Remembering(), "deep").tag([ACCUSING])[0]
    assert deep.fault.confidence != fast.fault.confidence


def test_facts_that_settle_the_matter_outrank_the_deep_tier() -> None:
    message = Message("You have lost my payment.", PAID_IN_TIME, "missed_due_date")
    reader = Remembering()
    deep = tagger(reader, "deep").tag([message])[0]
    assert deep.fault == Tagger(weights(), lists()).tag([message])[0].fault
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
    chances = [tags.fault.confidence for tags in Tagger(weights(), lists()).tag(messages)]
    assert len(reader.matter) == sum(chance < SURE for chance in chances)


def test_facts_never_reach_the_deep_opinion_of_tone() -> None:
    first, second = Remembering(), Remembering()
    bare = tagger(first, "deep").tag([Message(DOUBTFUL)])[0]
    known = tagger(second, "deep").tag([Message(DOUBTFUL, PAID_IN_TIME, "fraud", claim=True)])[0]
    assert first.read == second.read == [DOUBTFUL]
    assert (bare.tone, bare.pressure) == (known.tone, known.pressure)


def flagging(*chances: float) -> Flagging:
    """One message, with the chances of its flags, each raised from one half."""
    odds = np.array([chances]) / (1 - np.array([chances]))
    return Flagging(np.log(odds), np.full((1, len(FLAGS)), 0.5))


@pytest.mark.parametrize("doubtful", FLAGS)
def test_a_message_is_read_again_where_a_flag_of_words_alone_is_in_doubt(doubtful: Flag) -> None:
    deep = Deep.read(MODEL, weights().about.tables_sha256, Remembering(), "cascade")
    sure = {target: np.array([[9.0, 0, 0, 0]]) for target in TARGETS}
    certain = flagging(*(0.01 for _ in FLAGS))
    in_doubt = flagging(*(0.3 if flag is doubtful else 0.01 for flag in FLAGS))
    assert deep.doubtful(sure, certain).tolist() == []
    is_spoken = doubtful in {Flag.SAFETY, Flag.VULNERABLE}
    assert deep.doubtful(sure, in_doubt).tolist() == ([0] if is_spoken else [])


@pytest.mark.parametrize("flag", FLAGS)
def test_a_flag_of_the_deep_tier_has_evidence_and_the_confidence_of_both(flag: Flag) -> None:
    read = Deep.read(MODEL, weights().about.tables_sha256, Remembering(), "deep")
    says = np.array([60.0 if one is flag else -60.0 for one in FLAGS])
    tables = {"flags": np.zeros((384, len(FLAGS))), "flags_bias": says}
    alike = dict.fromkeys(FLAGS, FlagMixing(fast=1, deep=1, offset=0, threshold=0.5))
    about = read.about.model_copy(update={"flags": alike})
    deep = replace(read, tables={**read.tables, **tables}, about=about)
    fast = Tagger(weights(), lists()).tag([Message(DOUBTFUL)])[0]
    tags = Tagger(weights(), lists(), deep).tag([Message(DOUBTFUL)])[0]
    assert flag not in {each.value for each in fast.flags}
    (raised,) = tags.flags
    assert raised.value is flag
    assert raised.confidence > about.flags[flag].threshold
    (proof,) = (proof for proof in tags.evidence if proof.target == "flags")
    assert (proof.value, proof.source) == (flag, "deep:flags")
    assert DOUBTFUL[proof.start : proof.end].strip() != ""


def always(target: str, number: int) -> Deep:
    """Return a deep tier that is sure of one value of a target, whatever it reads."""
    read = Deep.read(MODEL, weights().about.tables_sha256, Remembering(), "deep")
    bias = np.full(read.tables[f"{target}_bias"].shape, -60.0)
    bias[number] = 60.0
    tables = {target: np.zeros((384, len(bias))), f"{target}_bias": bias}
    beside = {"fault_beside": np.zeros_like(read.tables["fault_beside"])}
    about = read.about.model_copy(update={"mixing": read.about.mixing | {target: (1.0, 1.0)}})
    return replace(read, tables={**read.tables, **beside, **tables}, about=about)


@pytest.mark.parametrize(
    ("target", "number"), [("tone", 3), ("tone", 2), ("pressure", 2), ("fault", 2), ("fault", 3)]
)
@pytest.mark.parametrize("message", [ACCUSING, Message(DOUBTFUL), Message("You idiots.")])
def test_the_tier_that_turned_a_choice_is_named_as_its_source(
    target: str, number: int, message: Message
) -> None:
    fast = Tagger(weights(), lists()).tag([message])[0]
    both = Tagger(weights(), lists(), always(target, number)).tag([message])[0]
    value = getattr(both, target).value
    sources = {proof.source for proof in both.evidence if proof.target == target}
    is_turned = value != getattr(fast, target).value
    assert (sources == {f"deep:{target}"}) is is_turned
    assert all(
        message.text[proof.start : proof.end].strip()
        for proof in both.evidence
        if proof.target == target
    )


CALM = "I paid the fee on the third of May. The app shows it twice. Please look into it. "


@pytest.mark.parametrize("place", [0, 20, 40])
def test_of_a_long_message_the_least_calm_passages_are_read_wherever_they_stand(
    place: int,
) -> None:
    reader = Remembering()
    text = CALM * place + f"{DOUBTFUL} {DOUBTFUL} " + CALM * (40 - place)
    tagger(reader, "deep").tag([Message(text), Message(CLEAR)])
    head, clear, *passages = reader.read
    assert (head, clear) == (text, CLEAR)
    assert len(passages) == READ
    assert any(DOUBTFUL in passage for passage in passages)
    assert all(passage in text and len(passage) < LONGEST for passage in passages)


def test_a_threat_beyond_what_is_read_of_a_text_counts() -> None:
    text = CALM * 30 + "I will kill your manager. " + CALM * 10
    for tier in ("cascade", "deep"):
        tags = tagger(Remembering(), tier).tag([Message(text)])[0]
        assert tags.pressure.value is Pressure.VIOLENCE
        assert Flag.SAFETY in {flag.value for flag in tags.flags}


@settings(max_examples=30, deadline=None)
@given(
    text=st.sampled_from([DOUBTFUL, CLEAR, "My wife died and I cannot pay", ACCUSING.text]),
    facts=st.sampled_from([{}, PAID_IN_TIME, {"authorised": False}, {"incident": "down"}]),
    category=st.sampled_from([None, *CATEGORIES]),
    claim=st.booleans(),
)
def test_facts_and_category_never_change_what_both_tiers_say_of_a_person(
    *, text: str, facts: dict[str, object], category: str | None, claim: bool
) -> None:
    for tier in ("cascade", "deep"):
        bare, known = (
            tagger(Remembering(), tier).tag([message])[0]
            for message in (Message(text), Message(text, facts, category, claim))
        )
        assert _of_a_person(bare) == _of_a_person(known)
        assert (bare.tone, bare.pressure) == (known.tone, known.pressure)


def _of_a_person(tags: Tags) -> list[FlagTag]:
    return [flag for flag in tags.flags if flag.value in {Flag.SAFETY, Flag.VULNERABLE}]


def test_what_a_list_shows_of_a_danger_no_tier_takes_back() -> None:
    read = Deep.read(MODEL, weights().about.tables_sha256, Remembering(), "deep")
    never = {"flags": np.zeros((384, len(FLAGS))), "flags_bias": np.full(len(FLAGS), -60.0)}
    deep = replace(read, tables={**read.tables, **never})
    message = Message("I will end my life if this goes on.")
    tags = Tagger(weights(), lists(), deep).tag([message])[0]
    assert [flag.value for flag in tags.flags] == [Flag.SAFETY]


def test_a_tier_that_says_yes_is_never_a_reason_for_no() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        FlagMixing(fast=1, deep=-0.1, offset=0, threshold=0.5)


def test_a_model_that_was_never_mixed_is_refused(tmp_path: Path) -> None:
    for name in (TABLES, DESCRIPTION):
        shutil.copy(MODEL / name, tmp_path / name)
    known = json.loads((tmp_path / DESCRIPTION).read_text("utf-8"))
    (tmp_path / DESCRIPTION).write_text(json.dumps(known | {"flags": {}}), "utf-8")
    with pytest.raises(ModelError, match="how every tag is mixed"):
        Deep.read(tmp_path, known["fast_sha256"], Remembering(), "deep")


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
