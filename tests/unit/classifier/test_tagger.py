# ruff: noqa: RUF001 - Cyrillic samples
"""What the tagger promises for every message, whatever the model has learned."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.classifier import tagging
from services.classifier.tagging import Message, Tagger
from services.classifier.tagging.lists import Lists
from shared.events.tags import Fault, Pressure, Tags, Tone

LATE = {"due_at": "2026-06-30T23:59:59+02:00", "paid_at": "2026-07-01T09:00:00+02:00"}
BROKEN_PROMISE = {
    "promised_by": "2026-06-05T18:00:00+02:00",
    "delivered_at": "2026-06-20T12:30:00+02:00",
}
SAMPLES = (
    Message(
        "Hello, I forgot the payment, could you please waive the fee? Thank you.", LATE, claim=True
    ),
    Message(
        "Где деньги, идиоты?! Иначе закрою все счета и напишу журналистам!", {}, "service_delay"
    ),
    Message("Якщо відповіді не буде, звернуся до Національного банку. З повагою", BROKEN_PROMISE),
    Message(
        "Oddajcie pieniądze albo spalę wam oddział, wy głąby", {"terms_accepted": True}, "other"
    ),
    Message("", {}, None),
    Message("?!?! 😭😭", {"authorised": False}, "fraud"),
)
ODD_TEXT = st.text(st.characters(), max_size=80) | st.text(
    st.sampled_from("abIДї 𝕬́‎\u202e\u200b\x00\ud83d😭*!ﬁßİ\n\t5@"), max_size=60
)
FACTS = st.sampled_from([{}, LATE, BROKEN_PROMISE, {"terms_accepted": True}, {"incident": "down"}])


@cache
def tagger() -> Tagger:
    return tagging.load()


@cache
def words_of_manner() -> tuple[str, ...]:
    lists = Lists.read()
    known = (*lists.whole, *lists.prefixes)
    return tuple(word for word in known if lists.meaning(word).concepts & lists.manner)


def tag(message: Message) -> Tags:
    return tagger().tag([message])[0]


def test_a_batch_says_what_each_message_says_alone() -> None:
    together = tagger().tag(SAMPLES)
    assert together == [tag(message) for message in SAMPLES]


def test_a_fresh_tagger_says_the_same_as_one_that_has_met_other_words() -> None:
    tagger().tag([Message(f"wort{n} słowo{n} слово{n}") for n in range(200)])
    assert tagging.load().tag(SAMPLES) == tagger().tag(SAMPLES)


def test_no_messages_give_no_tags() -> None:
    assert tagger().tag([]) == []


@settings(deadline=None, max_examples=150)
@given(st.lists(ODD_TEXT, min_size=1, max_size=4), FACTS)
def test_any_text_is_answered_and_evidence_lies_inside_it(
    texts: list[str], facts: dict[str, object]
) -> None:
    for text, tags in zip(texts, tagger().tag([Message(t, facts) for t in texts]), strict=True):
        for proof in tags.evidence:
            if proof.start is None or proof.end is None:
                assert proof.source.startswith("rule:")
                continue
            assert 0 <= proof.start < proof.end <= len(text)
            assert text[proof.start : proof.end].strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "\x00" * 50,
        "\u200b" * 20_000,
        "a" * 20_000,
        "ж " * 10_000,
        "!" * 20_000,
        "שלום \u202e" * 3000,
    ],
)
def test_extreme_texts_are_answered(text: str) -> None:
    assert tag(Message(text)).model


def test_a_message_without_words_gets_the_defaults() -> None:
    tags = tag(Message("\u200b \n", {}, "fraud", claim=True))
    assert (tags.tone.value, tags.pressure.value) == (Tone.COURTEOUS, Pressure.NONE)
    assert (tags.fault.value, tags.flags) == (Fault.UNCLEAR, ())
    assert [proof.source for proof in tags.evidence] == ["rule:language_not_read"]


def test_evidence_is_cut_at_words_and_kept_verbatim() -> None:
    text = "Ich zahle nicht. Zażółć! Jesteście bandą idiotów i złodziei 😡 do widzenia"
    proofs = [proof for proof in tag(Message(text)).evidence if proof.target == "tone"]
    cited = [text[proof.start : proof.end] for proof in proofs]
    assert len(cited) == 1
    assert "idiotów" in cited[0]
    assert proofs[0].source.startswith("list:")


def test_every_value_that_is_not_the_default_has_evidence() -> None:
    for message in SAMPLES:
        tags = tag(message)
        shown = {(proof.target, proof.value) for proof in tags.evidence}
        wanted = {("flags", str(flag.value)) for flag in tags.flags}
        if tags.tone.value is not Tone.COURTEOUS:
            wanted.add(("tone", tags.tone.value))
        if tags.pressure.value is not Pressure.NONE:
            wanted.add(("pressure", tags.pressure.value))
        assert wanted <= shown


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(SAMPLES), FACTS, st.sampled_from([None, "fraud", "fee_dispute"]), st.booleans()
)
def test_facts_category_and_claim_never_change_tone_or_pressure(
    message: Message,
    facts: dict[str, object],
    category: str | None,
    claim: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    one, other = tag(message), tag(Message(message.text, facts, category, claim))
    assert (one.tone, one.pressure) == (other.tone, other.pressure)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_words_of_manner_signs_and_capitals_never_change_fault(data: st.DataObject) -> None:
    message = data.draw(st.sampled_from(SAMPLES[:4]))
    words = message.text.split()
    for _ in range(data.draw(st.integers(1, 6))):
        manner = data.draw(
            st.sampled_from(words_of_manner()) | st.sampled_from(["!!!", "😡", "f**k"])
        )
        words.insert(data.draw(st.integers(0, len(words))), manner)
    text = " ".join(words)
    changed = text.upper() if data.draw(st.booleans()) else text
    other = Message(changed, message.facts, message.category, message.claim)
    assert tag(other).fault == tag(message).fault


FOUR_TONES = (
    "Hello, the card that you promised by 5 June came on 20 June. Could you explain? Thank you.",
    "The card that you promised by 5 June came on 20 June!!! I am desperate, this is a nightmare!",
    "The card that you promised by 5 June came on 20 June. Bravo, geniuses, what a circus.",
    "The card that you promised by 5 June came on 20 June, you worthless idiots and bastards.",
)


@pytest.mark.parametrize("facts", [{}, BROKEN_PROMISE, LATE, {"terms_accepted": True}])
def test_four_tones_of_one_story_have_one_fault(facts: dict[str, object]) -> None:
    tags = tagger().tag([Message(text, facts, "promise_broken") for text in FOUR_TONES])
    assert [tagged.tone.value for tagged in tags] == list(Tone)
    assert len({tagged.fault.value for tagged in tags}) == 1


@pytest.mark.parametrize(
    ("text", "facts", "fault"),
    [
        ("You lost my payment, I paid on time!", LATE, Fault.CUSTOMER),
        ("I got the card.", BROKEN_PROMISE, Fault.COMPANY),
    ],
)
def test_facts_beat_claims(text: str, facts: dict[str, object], fault: Fault) -> None:
    tags = tag(Message(text, facts))
    assert tags.fault.value is fault
    assert any(proof.source.startswith("rule:") for proof in tags.evidence)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Please tell me when my card will arrive.", "en"),
        ("Подскажите, пожалуйста, когда придёт моя карта.", "ru"),
        ("Підкажіть, будь ласка, коли прийде моя картка.", "uk"),
        ("Proszę powiedzieć, kiedy przyjdzie moja karta.", "pl"),
    ],
)
def test_the_language_is_named(text: str, language: str) -> None:
    assert tag(Message(text)).language == language
