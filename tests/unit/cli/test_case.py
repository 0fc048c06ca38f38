import json
from typing import Any

from tests.unit.cli.conftest import Run
from tests.unit.cli.intake_double import Intake

LISTED = {
    "case_id": "019a",
    "status": "received",
    "customer": {"id": "C-1"},
    "channel": "web",
    "category": "other",
    "language": "en",
    "jurisdiction": None,
    "received_at": "2026-11-20T09:00:00Z",
    "accepted_at": "2026-11-20T09:00:00Z",
    "answer_due_at": None,
    "disposition": None,
}
RECEIVED: dict[str, Any] = {
    **LISTED,
    "product": "loan",
    "claim": {"amount": "12.50", "currency": "PLN"},
    "facts": {"authorised": False},
    "tags": None,
    "decision": None,
    "referral": None,
    "timeline": [{"at": "2026-11-20T09:00:00Z", "event": "received", "sequence": 0}],
}
DECIDED = {
    **RECEIVED,
    "status": "decided",
    "decision": {
        "disposition": "goodwill",
        "basis": "goodwill",
        "reasons": ["own_slip"],
        "remedies": [{"kind": "fee_waiver", "money": {"amount": "12.50", "currency": "PLN"}}],
        "decided_at": "2026-11-20T09:00:01.5Z",
    },
}
REFERRED = {
    **RECEIVED,
    "status": "in_review",
    "referral": {"queue": "safety", "since": "2026-11-20T09:00:01Z"},
}


def test_a_case_is_shown_with_its_answer(run: Run, intake: Intake) -> None:
    intake.will_answer("GET", "/v1/cases/019a", (200, DECIDED))
    shown = run("case", "show", "019a", at=intake).stdout
    parts = ("loan", "goodwill", "fee_waiver 12.50 PLN", "own_slip", "authorised=False", "received")
    for part in parts:
        assert part in shown


def test_json_is_what_the_server_says(run: Run, intake: Intake) -> None:
    intake.will_answer("GET", "/v1/cases/019a", (200, DECIDED))
    assert json.loads(run("case", "show", "019a", "--json", at=intake).stdout) == DECIDED


def test_an_id_stays_one_part_of_the_address(run: Run, intake: Intake) -> None:
    intake.will_answer(
        "GET", "/v1/cases/..%2Fkeys%3Fa", (404, {"detail": "There is no such case."})
    )
    assert str(run("case", "show", "../keys?a", at=intake).exception).startswith("404: ")


def test_a_list_goes_over_as_many_pages_as_are_asked_for(run: Run, intake: Intake) -> None:
    pages = [{"cases": [LISTED] * 2, "next_cursor": str(page)} for page in range(9)]
    intake.will_answer("GET", "/v1/cases", *((200, page) for page in pages))
    result = run("case", "list", "--limit", "3", "--status", "received", "--json", at=intake)
    assert len(result.stdout.splitlines()) == 3
    assert [path for _, path, _, _ in intake.requests] == [
        "/v1/cases?status=received",
        "/v1/cases?status=received&cursor=0",
    ]


def test_a_watch_ends_when_every_case_has_an_answer(run: Run, intake: Intake) -> None:
    intake.will_answer("GET", "/v1/cases/019a", (200, RECEIVED), (200, RECEIVED), (200, DECIDED))
    intake.will_answer("GET", "/v1/cases/019b", (503, {}), (200, {**REFERRED, "case_id": "019b"}))
    result = run("case", "watch", "019a", "019b", at=intake)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "019a  received",
        "019b  in_review  safety",
        "019a  decided  goodwill · goodwill · own_slip",
    ]


def test_a_watch_gives_up_in_time(run: Run, intake: Intake) -> None:
    intake.will_answer("GET", "/v1/cases/019a", (200, RECEIVED))
    result = run("case", "watch", "019a", "--timeout", "0", at=intake)
    assert result.exit_code == 1
    assert "019a" in result.stderr


def test_reading_leaves_no_traces(run: Run, intake: Intake) -> None:
    intake.will_answer("GET", "/v1/cases/019a", (200, DECIDED))
    run("case", "show", "019a", at=intake)
    assert intake.requests[0][2]["traceparent"].endswith("-00")
