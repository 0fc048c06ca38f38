"""The scores that the model card quotes, on cases small enough to check by hand."""

import pytest

from services.classifier.training.corpus import Case
from services.classifier.training.evaluate import (
    Fired,
    FlagScores,
    Kept,
    Outcome,
    calibration_error,
    flag_scores,
    macro_f1,
    scores,
    value_f1,
)
from services.classifier.training.reporting import report
from shared.events.tags import (
    Evidence,
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


def outcome(
    gold: Tone,
    said: Tone,
    *,
    sure: float = 1.0,
    raised: tuple[Flag, ...] = (),
    rules: tuple[str, ...] = (),
) -> Outcome:
    case = Case.model_validate(
        {
            "id": "T",
            "lang": "en",
            "category": "other",
            "text": "t",
            "gold": {"tone": gold, "pressure": "none", "fault": "unclear", "flags": ["fraud"]},
        }
    )
    tags = Tags(
        tone=ToneTag(value=said, confidence=sure),
        pressure=PressureTag(value=Pressure.NONE, confidence=1.0),
        fault=FaultTag(value=Fault.UNCLEAR, confidence=1.0),
        flags=tuple(FlagTag(value=flag, confidence=1.0) for flag in raised),
        language="en",
        evidence=tuple(
            Evidence(target="fault", value="unclear", source=f"rule:{rule}") for rule in rules
        ),
        model="m",
    )
    return Outcome(case, tags)


FOUND = [
    outcome(Tone.RUDE, Tone.RUDE, sure=0.9, raised=(Flag.FRAUD,)),
    outcome(Tone.RUDE, Tone.UPSET, sure=0.9),
    outcome(Tone.UPSET, Tone.UPSET, sure=0.5, raised=(Flag.LEGAL,)),
]


def test_a_value_that_is_half_found_scores_two_thirds() -> None:
    assert value_f1(FOUND, "tone", Tone.RUDE) == pytest.approx(2 / 3)


def test_values_that_never_occur_do_not_count() -> None:
    assert value_f1(FOUND, "tone", Tone.ABUSIVE) is None
    assert macro_f1(FOUND, "tone") == pytest.approx(2 / 3)


def test_calibration_error_is_the_mean_gap_of_the_bins() -> None:
    assert calibration_error(FOUND, "tone") == pytest.approx((abs(1 - 1.8) + abs(1 - 0.5)) / 3)


def test_flags_count_precision_and_recall() -> None:
    assert flag_scores(FOUND, Flag.FRAUD) == FlagScores(1.0, 1 / 3, 0.5)


def test_what_has_nothing_to_be_divided_by_is_unknown_and_not_zero() -> None:
    assert flag_scores(FOUND, Flag.LEGAL) == FlagScores(0.0, None, 0.0)
    assert flag_scores(FOUND, Flag.SAFETY) == FlagScores(None, None, None)
    assert scores(FOUND[2:]).targets["tone"].abstention[-1] == Kept(0.9, 0.0, None)


def test_the_report_shows_a_dash_for_what_never_occurs() -> None:
    lines = report(scores(FOUND)).splitlines()
    assert "| tone | courteous - · upset 0.67 · rude 0.67 · abusive - |" in lines
    assert "| safety | - | - | - |" in lines
    assert "| legal | 0.00 | - | 0.00 |" in lines


def test_the_report_names_every_target_and_flag() -> None:
    text = report(scores(FOUND))
    assert all(name in text for name in ("tone", "pressure", "fault", *Flag))


def test_that_a_language_is_not_read_is_no_fact_that_decided() -> None:
    rules = ("language_not_read", "known_incident")
    found = scores([outcome(Tone.RUDE, Tone.RUDE, rules=rules)])
    assert found.facts == {"known_incident": Fired(right=1, fired=1)}


def test_the_report_says_where_no_fact_decided() -> None:
    assert (
        "Facts that decided or agreed, right of fired: none" in report(scores(FOUND)).splitlines()
    )


def test_scores_name_each_value_by_what_was_labelled_and_what_was_said() -> None:
    confusion = scores(FOUND).targets["tone"].confusion
    assert confusion["rude"] == {"courteous": 0, "upset": 1, "rude": 1, "abusive": 0}
    assert {gold: sum(said.values()) for gold, said in confusion.items()} == {
        "courteous": 0,
        "upset": 1,
        "rude": 2,
        "abusive": 0,
    }
