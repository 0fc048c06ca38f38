"""What is shown of fault speaks for the fault concluded, never for a discarded one."""

import pytest

from services.classifier import tagging
from services.classifier.tagging import Message

TAGGER = tagging.load()
LATE: dict[str, object] = {
    "due_at": "2026-06-30T23:59:59+02:00",
    "paid_at": "2026-07-01T09:00:00+02:00",
}


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("You lost my payment! I paid and you charged me late fees, your app confirmed it.", LATE),
        ("Your own letter confirms it, you charged me twice.", LATE),
        ("Вы списали дважды и обещали вернуть.", LATE),
        ("I forgot the date, my own mistake.", {"promised_by": LATE["due_at"]}),
        ("I mistyped the number.", {"rejected_by": "merchant"}),
        ("!!!", LATE),
    ],
)
def test_words_that_speak_for_a_discarded_fault_are_not_shown(
    text: str, facts: dict[str, object]
) -> None:
    tags = TAGGER.tag([Message(text, facts, "missed_due_date")])[0]
    shown = {proof.value for proof in tags.evidence if proof.target == "fault"}
    assert shown <= {tags.fault.value}
