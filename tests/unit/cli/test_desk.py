"""`evenhand desk`: what it asks of the review desk, and what it tells."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.intake_double import Intake

ENTRY = {
    "case_id": "019a",
    "customer_id": "C-1",
    "place": 1,
    "queue": "fraud",
    "priority": 20,
    "reason": "amount_unknown",
    "why": "An unauthorised payment whose sum is not known.",
    "state": "referred",
    "to_do": "decide",
    "version": 3,
    "assignee": None,
    "approval_open": False,
    "referred_at": None,
    "answer_due_at": "2026-11-27T10:00:00+00:00",
}
CASE: dict[str, Any] = {
    **ENTRY,
    "erased": False,
    "messages": [{"sequence": 0, "text": "You ••••••"}, {"sequence": 1, "text": "Hello?"}],
    "facts": {"authorised": False},
    "detail": [],
    "deadlines": [
        {
            "clock": "pl_complaints:0",
            "deadline": "2026-12-20T23:00:00+00:00",
            "source": "Act of 5 August 2015",
            "confidence": "S",
            "extended_to": None,
            "cancelled_at": None,
            "withdrawn_at": None,
            "lapsed_at": None,
            "summoned": "team",
        }
    ],
    "choices": {"row": "r", "remedies": [{"kind": "refund"}]},
    "decision": None,
    "history": [{"at": "2026", "kind": "deliberated", "actor": "policy", "note": None}],
    "proposal": {
        "disposition": "upheld",
        "basis": "entitlement",
        "reasons": ["unauthorised_payment"],
        "remedies": [
            {
                "kind": "refund",
                "money": {"amount": "40", "currency": "EUR"},
                "share": "entitlement",
            },
            {"kind": "apology", "money": None, "share": "entitlement"},
        ],
    },
}
DONE = {"case_id": "019a", "version": 4, "assignee": "anna"}
DECIDED = {
    "case_id": "019a",
    "version": 5,
    "decision": {"disposition": "upheld", "basis": "person"},
    "approved_by": None,
}


@pytest.fixture(autouse=True)
def desk(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> Intake:
    monkeypatch.setenv("EVENHAND_DECISION_URL", intake.url)
    monkeypatch.setenv("EVENHAND_API_KEY", "evh_1_secret")
    intake.will_answer("GET", "/v1/desk/cases/019a", (200, CASE))
    return intake


def body_of(desk: Intake) -> Any:  # noqa: ANN401 - JSON
    method, _, headers, body = desk.requests[-1]
    assert method == "POST"
    assert headers["Authorization"] == "Bearer evh_1_secret"
    return json.loads(body)


def test_the_queue_says_why_each_case_is_there(run: Run, desk: Intake) -> None:
    desk.will_answer("GET", "/v1/desk/queue", (200, {"cases": [ENTRY], "next_cursor": None}))
    shown = run("desk", "queue", "--queue", "fraud", "--mine")
    assert "An unauthorised payment whose sum is not known." in shown.stdout
    assert "queue=fraud" in desk.requests[-1][1]
    assert "mine=true" in desk.requests[-1][1]
    assert json.loads(run("desk", "queue", "--json").stdout) == ENTRY


def test_the_queue_is_read_page_by_page_up_to_the_limit(run: Run, desk: Intake) -> None:
    more = {"cases": [ENTRY], "next_cursor": "next"}
    desk.will_answer("GET", "/v1/desk/queue", (200, more))
    lines = run("desk", "queue", "--limit", "3", "--json").stdout.splitlines()
    assert len(lines) == 3
    assert "cursor=next" in desk.requests[-1][1]


def test_a_case_is_shown_with_its_proposal_and_its_choices(run: Run) -> None:
    shown = run("desk", "show", "019a").stdout
    assert "Hello?" in shown
    assert "upheld (entitlement): refund 40 EUR, apology; unauthorised_payment" in shown
    assert json.loads(run("desk", "show", "019a", "--json").stdout) == CASE


def test_seeing_abuse_is_asked_for_in_so_many_words(run: Run, desk: Intake) -> None:
    run("desk", "show", "019a")
    assert "show_text" not in desk.requests[-1][1]
    run("desk", "show", "019a", "--show-text")
    assert desk.requests[-1][1].endswith("?show_text=true")


@pytest.mark.parametrize("act", ["take", "release", "hand-over", "done"])
def test_an_act_names_the_version_that_was_seen(run: Run, desk: Intake, act: str) -> None:
    desk.will_answer("POST", f"/v1/desk/cases/019a/{act}", (200, DONE))
    assert run("desk", act, "019a").stdout == "019a  version 4  with anna\n"
    assert body_of(desk) == {"version": 3}
    run("desk", act, "019a", "--version", "2")
    assert body_of(desk) == {"version": 2}


def test_a_proposal_is_confirmed_as_it_is(run: Run, desk: Intake) -> None:
    desk.will_answer("POST", "/v1/desk/cases/019a/decide", (200, DECIDED))
    told = run("desk", "decide", "019a", "--as-proposed")
    assert "upheld (person)" in told.stdout
    assert body_of(desk) == {
        "version": 3,
        "disposition": "upheld",
        "remedies": [
            {"kind": "refund", "money": {"amount": "40", "currency": "EUR"}},
            {"kind": "apology"},
        ],
        "reasons": ["as_proposed"],
    }


def test_a_decision_is_made_from_options(run: Run, desk: Intake) -> None:
    waits = {"case_id": "019a", "version": 4, "approval_id": "7c1e", "approval": "open"}
    desk.will_answer("POST", "/v1/desk/cases/019a/decide", (202, waits))
    words = ("--disposition", "partly_upheld", "--remedy", "refund 20 EUR", "--remedy", "apology")
    told = run("desk", "decide", "019a", *words, "--reason", "shared_fault", "--note", "ok")
    assert "waits for a second person: approval 7c1e" in told.stdout
    assert body_of(desk) == {
        "version": 3,
        "disposition": "partly_upheld",
        "remedies": [
            {"kind": "refund", "money": {"amount": "20", "currency": "EUR"}},
            {"kind": "apology"},
        ],
        "reasons": ["shared_fault"],
        "note": "ok",
    }


@pytest.mark.parametrize(
    "words",
    [
        ["decide", "019a"],
        ["decide", "019a", "--as-proposed", "--disposition", "upheld"],
        ["decide", "019a", "--disposition", "upheld", "--remedy", "refund 20"],
        ["end-service", "019a", "--analysis", "missing.txt", "--cause", "c"],
        ["refuse", "7c1e"],
        ["queue", "--queue", "nowhere"],
    ],
)
def test_wrong_use_of_the_desk_exits_2(run: Run, words: list[str]) -> None:
    assert run("desk", *words).exit_code == 2


def test_a_refusal_of_the_desk_is_told(run: Run, desk: Intake) -> None:
    problem = {"title": "Conflict", "status": 409, "detail": "The case is with maria already."}
    desk.will_answer("POST", "/v1/desk/cases/019a/take", (409, problem))
    refused = run("desk", "take", "019a")
    assert refused.exit_code == 1
    assert "with maria already" in str(refused.exception)


def test_an_approval_is_given_and_refused(run: Run, desk: Intake) -> None:
    desk.will_answer(
        "POST", "/v1/desk/approvals/7c1e/give", (200, {**DECIDED, "approval": "given"})
    )
    assert "approval given" in run("desk", "approve", "7c1e").stdout
    refused = {"case_id": "019a", "version": 5, "approval_id": "7c1e", "approval": "refused"}
    desk.will_answer("POST", "/v1/desk/approvals/7c1e/refuse", (200, refused))
    assert "approval refused" in run("desk", "refuse", "7c1e", "--note", "No").stdout
    assert body_of(desk) == {"note": "No"}


def test_an_ending_sends_the_analysis_of_its_file(run: Run, desk: Intake, tmp_path: Path) -> None:
    waits = {"case_id": "019a", "version": 4, "approval_id": "7c1e", "approval": "open"}
    desk.will_answer("POST", "/v1/desk/cases/019a/end-service", (202, waits))
    file = tmp_path / "analysis.txt"
    file.write_text("He threatened the courier.")
    run("desk", "end-service", "019a", "--analysis", str(file), "--cause", "threats:courier")
    assert body_of(desk)["analysis"] == "He threatened the courier."


def test_the_certificate_shows_what_is_left_to_know(run: Run, desk: Intake) -> None:
    certificate = {
        "role": "clerk",
        "limits": {"per_case": "300", "per_month": None, "situations": {}},
        "two_people_from": "10000",
        "month": "2026-11",
        "euros": "40",
        "times": 2,
    }
    desk.will_answer("GET", "/v1/desk/certificate", (200, certificate))
    shown = run("desk", "certificate").stdout
    assert "no limit" in shown
    assert "40 in 2 cases" in shown


def test_without_a_stack_the_desk_is_looked_for_at_its_default_place(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENHAND_DECISION_URL", "http://127.0.0.1:1")
    refused = run("desk", "queue")
    assert refused.exit_code == 1
    assert "127.0.0.1:1" in str(refused.exception)


def test_tags_are_corrected_and_the_new_proposal_is_told(run: Run, desk: Intake) -> None:
    told = {"case_id": "019a", "version": 4, "proposal": CASE["proposal"]}
    desk.will_answer("POST", "/v1/desk/cases/019a/tags", (200, told))
    why = ("--note", "Ill, not rude")
    wrong = ("--tone", "upset", "--flag", "legal", "--flag", "fraud")
    shown = run("desk", "tags", "019a", *wrong, *why)
    assert "proposed now: upheld (entitlement)" in shown.stdout
    told_why = {"version": 3, "note": "Ill, not rude"}
    assert body_of(desk) == {**told_why, "tone": "upset", "flags": ["legal", "fraud"]}
    run("desk", "tags", "019a", "--no-flags", *why)
    assert body_of(desk) == {**told_why, "flags": []}
    assert run("desk", "tags", "019a", *why).exit_code == 2
    assert run("desk", "tags", "019a", *wrong).exit_code == 2


def test_the_ledger_and_the_samples_are_listed(run: Run, desk: Intake) -> None:
    grant = dict.fromkeys(("verification_id", "case_id", "customer_id", "euros", "granted_at"))
    grant |= {"state": "contradicted", "evidence": "No such payment."}
    desk.will_answer("GET", "/v1/desk/ledger", (200, {"ledger": [grant]}))
    assert "No such payment." in run("desk", "ledger", "--state", "contradicted").stdout
    assert "state=contradicted" in desk.requests[-1][1]
    desk.will_answer("GET", "/v1/desk/samples", (200, {"samples": []}))
    assert run("desk", "samples", "--open").stdout == "No samples.\n"
    assert "reviewed=false" in desk.requests[-1][1]
    desk.will_answer("POST", "/v1/desk/samples/7/review", (200, {"reviewed_by": "maria"}))
    assert run("desk", "review", "7", "--finding", "Fine").stdout == "7  reviewed by maria\n"
    assert body_of(desk) == {"finding": "Fine"}


EXTENDED = {"version": 4, "clock": "pl_complaints:0", "new_due_at": "2027-01-15T23:00:00+00:00"}


def test_an_extension_carries_the_parts_of_its_letter(run: Run, desk: Intake) -> None:
    desk.will_answer("POST", "/v1/desk/cases/019a/extend", (200, EXTENDED))
    letter = ("--part", "reason=The courier is silent.", "--part", "facts_to_establish=Where it is")
    told = run("desk", "extend", "019a", "--until", "2027-01-15", *letter)
    assert "pl_complaints:0 until 2027-01-15" in told.stdout
    assert body_of(desk) == {
        "version": 3,
        "new_date": "2027-01-15",
        "later": False,
        "reasons": {"reason": "The courier is silent.", "facts_to_establish": "Where it is"},
    }
    wrong = run("desk", "extend", "019a", "--until", "2027-01-15", "--part", "reason")
    assert wrong.exit_code == 2


def test_an_incident_gets_its_root_cause(run: Run, desk: Intake) -> None:
    told = {"root_cause": "staffing:december", "found_by": "anna"}
    desk.will_answer("POST", "/v1/desk/incidents/7c1e/root-cause", (200, told))
    shown = run("desk", "root-cause", "7c1e", "staffing:december", "--finding", "Two were ill.")
    assert "staffing:december, found by anna" in shown.stdout
    assert body_of(desk) == {"root_cause": "staffing:december", "finding": "Two were ill."}
    desk.will_answer("GET", "/v1/desk/incidents", (200, {"incidents": []}))
    assert "No deadline has passed" in run("desk", "incidents").stdout


def test_a_case_shows_its_deadlines_with_their_source(run: Run) -> None:
    shown = run("desk", "show", "019a").stdout
    assert "Act of 5 August 2015; mark S; called: team" in shown
