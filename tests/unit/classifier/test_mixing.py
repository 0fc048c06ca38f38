"""Tiers are mixed by cases that neither has met, and by no text that has changed since."""

from pathlib import Path

import numpy as np
import pytest

from services.classifier.training.corpus import Case, CorpusError, Gold
from services.classifier.training.mixing import Unmet, mixed_flag
from services.classifier.training.unseen import Unseen, is_held_back, key
from shared.events.tags import Fault, Flag, Pressure, Tone

GOLD = Gold(tone=Tone.UPSET, pressure=Pressure.NONE, fault=Fault.UNCLEAR, flags=frozenset())


def case(number: int, author: str, text: str = "Where is my card?") -> Case:
    name = f"W-{author}-{number:03}" if author else f"T-{number}"
    return Case(id=name, author=author, lang="en", category="other", text=text, gold=GOLD)


def unseen(*cases: Case, met: frozenset[str] = frozenset()) -> Unseen:
    said = {"tone": np.arange(4.0 * len(cases)).reshape(-1, 4)}
    return Unseen(tuple(map(key, cases)), met, said)


def test_opinions_are_read_as_they_were_kept(tmp_path: Path) -> None:
    kept = unseen(case(1, "en-03"), met=frozenset({"en-01"}))
    kept.write(tmp_path / "unseen.npz")
    found = Unseen.read(tmp_path / "unseen.npz")
    assert (found.names, found.met) == (kept.names, kept.met)
    assert found.opinions["tone"].tolist() == kept.opinions["tone"].tolist()


def test_damaged_opinions_are_refused(tmp_path: Path) -> None:
    (tmp_path / "unseen.npz").write_bytes(b"PK")
    with pytest.raises(CorpusError, match="cannot read"):
        Unseen.read(tmp_path / "unseen.npz")


def test_an_author_is_held_back_whole_and_labelled_cases_never() -> None:
    assert [is_held_back(case(n, "pl-06")) for n in range(4)] == [True] * 4
    assert not any(is_held_back(case(1, author)) for author in ("pl-07", ""))


def test_the_fast_tier_learns_only_from_authors_that_the_deep_tier_met() -> None:
    cases = [case(1, ""), case(2, "en-01"), case(3, "en-02"), case(4, "en-03")]
    unmet = Unmet.of(cases, unseen(cases[3], met=frozenset({"en-01"})))
    assert unmet.met.tolist() == [True, True, False, False]
    assert unmet.judged.tolist() == [3]


def test_an_opinion_of_a_text_that_has_changed_is_not_used() -> None:
    old, kept = case(1, "en-03", "Where is it?"), case(2, "en-03")
    unmet = Unmet.of([case(1, "en-03", "Where is it now?"), kept], unseen(old, kept))
    assert unmet.judged.tolist() == [1]
    assert unmet.opinions["tone"].tolist() == [[4, 5, 6, 7]]


def test_opinions_of_none_of_the_cases_ask_for_tuning() -> None:
    with pytest.raises(CorpusError, match="tune anew"):
        Unmet.of([case(1, "en-03")], unseen(case(1, "en-03", "Where is it?")))


def test_a_tier_that_knows_a_flag_counts_more_than_one_that_does_not() -> None:
    chance = np.random.default_rng(0)
    gold = chance.random(400) < 0.2
    knows = np.where(gold, 2.0, -2.0) + chance.normal(size=400)
    found = mixed_flag(Flag.SAFETY, chance.normal(size=400), knows, gold)
    assert found.deep > 2 * found.fast
    logits = found.deep * knows + found.offset
    raised = 1 / (1 + np.exp(-logits)) >= found.threshold
    assert (raised == gold).mean() > 0.9
