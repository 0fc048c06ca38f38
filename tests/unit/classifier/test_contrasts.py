"""What is made to be hard teaches words, and leaves to life what a fact is worth."""

import numpy as np
import pytest
from numpy.typing import NDArray

from services.classifier.tagging.lists import Lists
from services.classifier.training.contrasts import BOUNDS, OF_LIFE, likeness_to_life, usual
from services.classifier.training.corpus import Case, Gold
from services.classifier.training.matrix import build
from shared.events.tags import Fault, Pressure, Tone

ACCEPTED: dict[str, object] = {"terms_accepted": True}
ALIKE = f"en-{max(OF_LIFE)}"
HARD = f"en-{max(OF_LIFE) + 1}"


def case(author: str, fault: Fault, facts: dict[str, object] = ACCEPTED) -> Case:
    gold = Gold(tone=Tone.UPSET, pressure=Pressure.NONE, fault=fault, flags=frozenset())
    name = f"W-{author}-001" if author else "T-1"
    return Case(
        id=name,
        author=author,
        lang="en",
        category="fee_dispute",
        text="Why this fee?",
        facts=facts,
        gold=gold,
    )


def weights(*cases: Case) -> NDArray[np.float64]:
    return likeness_to_life(cases, build(cases, Lists.read()))


def test_a_contrast_against_what_a_fact_tells_in_life_counts_less_than_one_with_it() -> None:
    life = [case("", Fault.CUSTOMER)] * 19 + [case(ALIKE, Fault.COMPANY)]
    hard = [case(HARD, Fault.CUSTOMER), case(HARD, Fault.COMPANY)] * 10
    found = weights(*life, *hard)
    assert (found[:20] == 1).all()
    assert set(found[20::2]) != set(found[21::2])
    assert (found[20::2] > 1).all()
    assert (found[21::2] < 1).all()


def test_contrasts_in_the_mixture_of_life_count_as_they_are() -> None:
    mixture = [Fault.CUSTOMER, Fault.CUSTOMER, Fault.COMPANY] * 20
    found = weights(*[case("", of) for of in mixture], *[case(HARD, of) for of in mixture])
    assert found == pytest.approx(np.ones(120))


def test_what_life_never_shows_still_teaches() -> None:
    life = [case("", Fault.CUSTOMER)] * 500
    hard = [case(HARD, Fault.COMPANY)] * 499 + [case(HARD, Fault.CUSTOMER)]
    found = weights(*life, *hard)
    assert (found[500:-1] == BOUNDS[0]).all()
    assert found[-1] == BOUNDS[1]


def test_a_fact_is_weighed_by_itself() -> None:
    life = [case("", Fault.CUSTOMER)] * 50 + [case("", Fault.CUSTOMER, {})] * 50
    hard = [case(HARD, Fault.CUSTOMER), case(HARD, Fault.COMPANY)] * 25
    silent = [case(HARD, Fault.CUSTOMER, {})] * 50
    found = weights(*life, *hard, *silent)
    assert found[100] > found[-1]


def test_where_nothing_is_made_to_be_hard_every_case_counts_alike() -> None:
    assert weights(case("", Fault.CUSTOMER), case(ALIKE, Fault.COMPANY)).tolist() == [1, 1]


def test_only_cases_in_the_mixture_of_life_calibrate() -> None:
    cases = [case(author, Fault.UNCLEAR) for author in ("", ALIKE, HARD, "pieces")]
    assert usual(cases).tolist() == [True, True, False, False]
