"""Everyday public texts teach what ordinary wording looks like, and nothing that nobody asked."""

from pathlib import Path

import pytest

from services.classifier.training.plain import plain
from shared.events.tags import Flag

DATA = Path(__file__).parents[4] / "shared" / "data"

pytestmark = pytest.mark.skipif(
    not (DATA / "public").is_dir(), reason=f"the public texts are not at {DATA.name}"
)


def test_plain_rows_teach_that_nobody_is_in_danger_and_nothing_about_fault_or_need() -> None:
    cases = plain(DATA)
    assert len(cases) > 1000
    assert {case.teaches for case in cases} == {frozenset({"tone", "pressure", Flag.SAFETY})}
    assert {case.gold.flags for case in cases} == {frozenset()}
