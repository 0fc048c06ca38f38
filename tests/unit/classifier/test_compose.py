"""Composed cases: the same every time, labelled by their pieces, mixed within a fold only."""

from services.classifier.training.compose import LANGUAGES, composed
from services.classifier.training.pieces import FOLDS, read_pieces
from shared.events.tags import Flag, Pressure

CASES = composed()


def test_the_same_cases_are_composed_every_time() -> None:
    assert composed() == CASES


def test_folds_share_no_piece_of_manner() -> None:
    for language in LANGUAGES:
        pieces = read_pieces(language)
        folds = [set(pieces.fold(n).said["tone rude"]) for n in range(FOLDS)]
        assert sum(map(len, folds)) == len(set(pieces.said["tone rude"]))


def test_no_piece_stands_twice_in_a_language() -> None:
    for language in LANGUAGES:
        for lines in read_pieces(language).said.values():
            assert len(lines) == len(set(lines))


def test_a_threat_to_a_person_is_a_danger_and_one_to_property_is_not() -> None:
    threats = [c for c in CASES if c.id.startswith("P-") and c.gold.pressure is Pressure.VIOLENCE]
    shown = {Flag.SAFETY in case.gold.flags for case in threats}
    assert shown == {True, False}
    assert not any("~" in case.text for case in CASES)


def test_every_language_and_target_is_taught() -> None:
    for language in LANGUAGES:
        taught = {t for case in CASES if case.lang == language for t in case.teaches}
        assert {"tone", "pressure", "fault", *Flag} <= taught
