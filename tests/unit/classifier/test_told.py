"""What the deep tier is told to judge fault: facts in words, then the matter."""

from services.classifier.tagging.facts import Facts
from services.classifier.tagging.message import Message
from services.classifier.tagging.told import own_lines, told

MATTER = "the money left twice"


def text_of(facts: dict[str, object], category: str | None = None, *, claim: bool = False) -> str:
    message = Message("The money left twice!", facts, category, claim)
    return told(message, Facts.read(facts), MATTER)


def test_nothing_known_is_said_to_be_so() -> None:
    assert text_of({}) == f"other; nothing known. {MATTER}"


def test_what_is_known_stands_before_the_matter() -> None:
    facts: dict[str, object] = {
        "due_at": "2026-06-30T23:59:59+02:00",
        "paid_at": "2026-07-01T09:00:00+02:00",
        "rejected_by": "recipient_bank",
        "authorised": True,
        "incident": "app_outage",
    }
    found = text_of(facts, "payment_failed", claim=True)
    assert found == (
        "payment failed; claim; paid late; authorised; rejected by recipient bank; "
        f"incident app outage. {MATTER}"
    )


def test_a_promise_is_kept_broken_or_open() -> None:
    promised, delivered = "2026-06-05T18:00:00+02:00", "2026-06-20T12:30:00+02:00"
    assert "; delivered late." in text_of({"promised_by": promised, "delivered_at": delivered})
    assert "; delivered in time." in text_of({"promised_by": delivered, "delivered_at": promised})
    assert "; promised, not delivered." in text_of({"promised_by": promised})


def test_only_the_customers_own_lines_are_read() -> None:
    assert own_lines("Please answer.\n> You fools!\nThank you.") == "Please answer.\nThank you."
    assert own_lines("Where is my card?") == "Where is my card?"


def test_a_long_name_is_cut() -> None:
    assert len(text_of({"incident": "x" * 5000})) < 200
