"""The scores that the model card quotes, on cases small enough to check by hand."""

import pytest

from services.classifier.training.corpus import Case
from services.classifier.training.evaluate import (
    Outcome,
    calibration_error,
    flag_scores,
    macro_f1,
    report,
    value_f1,
)
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


def outcome(gold: Tone, said: Tone, *, sure: float = 1.0, raised: tuple[Flag, ...] = ()) -> Outcome:
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
    precision, recall, score = flag_scores(FOUND, Flag.FRAUD)
    assert precision == 1.0
    assert recall == pytest.approx(1 / 3)
    assert score == pytest.approx(0.5)
    assert flag_scores(FOUND, Flag.LEGAL) == (0.0, 0.0, 0.0)


def test_the_report_names_every_target_and_flag() -> None:
    text = report(FOUND)
    assert all(name in text for name in ("tone", "pressure", "fault", *Flag))
