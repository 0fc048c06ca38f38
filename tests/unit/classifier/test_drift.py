"""Drift: today's tags against a reference, in counts that name nobody."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from services.classifier import drift
from services.classifier.drift import VALUES, Window, read, shares, stability
from shared.events.tags import (
    Fault,
    FaultTag,
    Flag,
    FlagTag,
    Pressure,
    PressureTag,
    Tags,
    Tone,
    ToneTag,
)

TARGETS = set(VALUES)


def tags(
    tone: Tone = Tone.COURTEOUS,
    *,
    fault: Fault = Fault.CUSTOMER,
    sure: float = 0.9,
    language: str = "en",
    flags: tuple[Flag, ...] = (),
) -> Tags:
    return Tags(
        tone=ToneTag(value=tone, confidence=sure),
        pressure=PressureTag(value=Pressure.NONE, confidence=sure),
        fault=FaultTag(value=fault, confidence=sure),
        flags=tuple(FlagTag(value=flag, confidence=sure) for flag in flags),
        language=language,
        model="m",
    )


MIXED = [tags(), tags(Tone.UPSET, flags=(Flag.FRAUD, Flag.LEGAL)), tags(Tone.RUDE, language="uk")]


def measured(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_the_shipped_reference_is_whole_and_of_today_s_values() -> None:
    found = read(drift.SHIPPED)
    assert set(found) == TARGETS
    for target, values in VALUES.items():
        assert set(found[target]) == set(map(str, values))


def test_shares_are_of_one_and_come_back_from_their_file(tmp_path: Path) -> None:
    found = shares(MIXED)
    assert found["tone"] == {
        "courteous": pytest.approx(1 / 3, abs=1e-6),
        "upset": pytest.approx(1 / 3, abs=1e-6),
        "rude": pytest.approx(1 / 3, abs=1e-6),
        "abusive": 0,
    }
    assert found["flags"]["none"] == pytest.approx(0.5)
    path = tmp_path / "reference.json"
    path.write_text(drift.written(found))
    assert read(path) == found


@pytest.mark.parametrize(
    "content", ["", "[]", '{"tone": {"courteous": 1}}', '{"tone": {"courteous": "a"}}']
)
def test_a_reference_that_is_none_is_refused_with_its_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "reference.json"
    path.write_text(content)
    with pytest.raises(drift.ReferenceFileError, match=r"reference\.json"):
        read(path)


def test_a_reference_with_a_value_that_nobody_gives_is_refused(tmp_path: Path) -> None:
    found = json.loads(drift.written(shares(MIXED)))
    found["tone"]["furious"] = found["tone"].pop("courteous")
    path = tmp_path / "reference.json"
    path.write_text(json.dumps(found))
    with pytest.raises(drift.ReferenceFileError, match="shares of tone"):
        read(path)


_DISTRIBUTION = st.lists(st.integers(0, 1000), min_size=4, max_size=4).filter(any)


def of(counts: list[int]) -> dict[str, float]:
    return {str(n): count / sum(counts) for n, count in enumerate(counts)}


@given(_DISTRIBUTION, _DISTRIBUTION)
def test_the_index_is_finite_never_negative_and_the_same_both_ways(
    one: list[int], two: list[int]
) -> None:
    index = stability(of(one), of(two))
    assert math.isfinite(index)
    assert index >= 0
    assert index == pytest.approx(stability(of(two), of(one)))
    assert stability(of(one), of(one)) == 0


def test_the_index_grows_with_the_change() -> None:
    before = {"a": 0.5, "b": 0.5}
    little = stability(before, {"a": 0.55, "b": 0.45})
    much = stability(before, {"a": 0.9, "b": 0.1})
    assert little < 0.02
    assert much > 0.25
    assert stability(before, {"a": 0.9, "b": 0.1}) == pytest.approx(
        0.4 * math.log(1.8) - 0.4 * math.log(0.2)
    )


def test_messages_as_in_the_reference_drift_nowhere_and_others_do() -> None:
    window = Window(shares(MIXED), "own", size=300)
    window.note(MIXED * 100)
    assert set(window.drift()) == TARGETS
    assert max(window.drift().values()) == pytest.approx(0, abs=1e-6)
    assert measured("evenhand_tag_drift", target="tone", reference="own") < 0.001
    window.note([tags(Tone.ABUSIVE)] * 200)
    assert window.drift()["tone"] > 0.25
    assert measured("evenhand_tag_drift", target="tone", reference="own") > 0.25
    window.note(MIXED * 100)
    assert max(window.drift().values()) == pytest.approx(0, abs=1e-6)


def test_a_few_messages_say_nothing_about_drift() -> None:
    window = Window(shares(MIXED), "own")
    window.note([tags(Tone.ABUSIVE)] * 199)
    assert window.drift() == {}
    window.note([tags(Tone.ABUSIVE)])
    assert window.drift()["tone"] > 1


def test_what_is_a_guess_to_the_shipped_policy_is_counted_by_class() -> None:
    names = {"target": "fault", "value": "shared"}
    before = measured("evenhand_tags_unsure_total", **names)
    given_before = measured("evenhand_tags_total", **names)
    Window(shares(MIXED), "own").note(
        [tags(fault=Fault.SHARED, sure=0.59), tags(fault=Fault.SHARED, sure=0.61)]
    )
    assert measured("evenhand_tags_unsure_total", **names) == before + 1
    assert measured("evenhand_tags_total", **names) == given_before + 2


def test_each_value_is_unsure_below_its_own_limit() -> None:
    rude, abusive = ({"target": "tone", "value": str(value)} for value in (Tone.RUDE, Tone.ABUSIVE))
    name = "evenhand_tags_unsure_total"
    before = measured(name, **rude), measured(name, **abusive)
    Window(shares(MIXED), "own").note([tags(Tone.RUDE, sure=0.65), tags(Tone.ABUSIVE, sure=0.65)])
    assert (measured(name, **rude), measured(name, **abusive)) == (before[0] + 1, before[1])


def test_the_limits_are_those_of_the_shipped_policy() -> None:
    from services.decision.policy.loading import load  # noqa: PLC0415 - only this test needs it

    assert load(None).confidence.model_dump() == drift.SURE


def test_confidence_and_languages_are_counted_and_odd_languages_are_one() -> None:
    before = measured("evenhand_message_languages_total", language="und")
    below = measured("evenhand_tag_confidence_bucket", target="tone", le="0.5")
    Window(shares(MIXED), "own").note(
        [tags(language="und", sure=0.25), tags(language="C-1029", sure=0.95)]
    )
    assert measured("evenhand_message_languages_total", language="und") == before + 2
    assert measured("evenhand_tag_confidence_bucket", target="tone", le="0.5") == below + 1
    metrics = (drift.TAGS, drift.UNSURE, drift.CONFIDENCE, drift.LANGUAGES, drift.DRIFT)
    told = {v for m in metrics for f in m.collect() for s in f.samples for v in s.labels.values()}
    assert "C-1029" not in told
