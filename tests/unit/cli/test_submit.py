import json
from pathlib import Path

import pytest

from shared.errors import Rejected, Retryable
from tests.unit.cli.conftest import Run
from tests.unit.cli.intake_double import Intake

RECEIPT = {"case_id": "019a", "status": "received", "status_url": "http://bank/v1/cases/019a"}
CASE = {"customer": {"id": "C-1"}, "channel": "web", "text": "Hello"}


def test_options_become_a_case(run: Run, intake: Intake) -> None:
    intake.will_answer("POST", "/v1/cases", (202, RECEIPT))
    result = run(
        *("submit", "--customer", "C-1", "--text", "Late", "--channel", "web", "--key", "k-1"),
        *("--email", "c1@example.com", "--claim", "12.50 PLN", "--category", "fee_dispute"),
        *("--product", "account"),
        *("--fact", "authorised=false", "--fact", "paid_at=2026-11-01T02:10+01:00"),
        at=intake,
    )
    assert result.exit_code == 0
    assert result.stdout == "019a  http://bank/v1/cases/019a\n"
    _, _, headers, body = intake.requests[0]
    assert headers["Authorization"] == "Bearer evh_1_secret"
    assert headers["Idempotency-Key"] == "k-1"
    assert json.loads(body) == {
        "customer": {"id": "C-1", "contacts": {"email": "c1@example.com"}},
        "channel": "web",
        "category": "fee_dispute",
        "product": "account",
        "text": "Late",
        "claim": {"amount": "12.50", "currency": "PLN"},
        "facts": {"authorised": False, "paid_at": "2026-11-01T02:10+01:00"},
    }


def test_a_document_over_many_lines_is_one_case(run: Run, intake: Intake, tmp_path: Path) -> None:
    intake.will_answer("POST", "/v1/cases", (202, RECEIPT))
    file = tmp_path / "case.json"
    file.write_text(json.dumps(CASE, indent=2), encoding="utf-8")
    result = run("submit", str(file), "--json", at=intake)
    assert json.loads(result.stdout) == RECEIPT
    assert json.loads(intake.requests[0][3]) == CASE


def test_json_lines_go_in_one_request_and_refusals_are_named(run: Run, intake: Intake) -> None:
    accepted = {**RECEIPT, "line": 1, "status": 202}
    refused = {"line": 3, "status": 422, "detail": "text is required."}
    intake.will_answer("POST", "/v1/cases:batch", (200, [accepted, refused]))
    lines = f"{json.dumps(CASE)}\n\n{json.dumps({'channel': 'web'})}\n"
    result = run("submit", "-", stdin=lines, at=intake)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == ["019a  http://bank/v1/cases/019a"]
    assert "line 3: text is required." in result.stderr


@pytest.mark.parametrize("before", ["", "\n", "\n \n\r\n"])
@pytest.mark.parametrize("between", ["", "\n\n"])
def test_blank_lines_count_so_that_a_refusal_names_the_line_of_the_file(
    run: Run, intake: Intake, before: str, between: str
) -> None:
    intake.will_answer("POST", "/v1/cases:batch", (200, []))
    written = f"{before}{json.dumps(CASE)}\n{between}{json.dumps(CASE)}\n"
    run("submit", "-", stdin=written, at=intake)
    sent = intake.requests[0][3].decode().split("\n")
    assert [bool(line.strip()) for line in sent] == [
        bool(line.strip()) for line in written.split("\n")
    ]


def test_thousands_of_blank_lines_are_no_request_of_their_own(run: Run, intake: Intake) -> None:
    intake.will_answer("POST", "/v1/cases:batch", (200, [{**RECEIPT, "line": 1, "status": 202}]))
    result = run("submit", "--json", stdin=f"{json.dumps(CASE)}\n" * 2 + "\n" * 12_000, at=intake)
    assert result.exit_code == 0
    assert len(intake.requests) == 1


def test_a_refusal_is_one_line_with_the_servers_words(run: Run, intake: Intake) -> None:
    intake.will_answer("POST", "/v1/cases", (422, {"detail": "text is required."}))
    result = run("submit", stdin=json.dumps(CASE), at=intake)
    assert isinstance(result.exception, Rejected)
    assert str(result.exception) == "422: text is required."


def test_a_refused_key_says_where_it_comes_from(run: Run, intake: Intake) -> None:
    intake.will_answer("POST", "/v1/cases", (401, {"title": "Unauthorized"}))
    result = run("submit", stdin=json.dumps(CASE), at=intake)
    assert "EVENHAND_API_KEY" in str(result.exception)


def test_no_answer_says_so(run: Run) -> None:
    result = run("submit", stdin=json.dumps(CASE), at=Intake(url="http://127.0.0.1:1"))
    assert isinstance(result.exception, Retryable)
    assert "http://127.0.0.1:1" in str(result.exception)


def test_without_a_stack_the_variable_is_named(run: Run) -> None:
    assert "EVENHAND_INTAKE_URL" in str(run("submit", stdin=json.dumps(CASE)).exception)


@pytest.mark.parametrize(
    "words",
    [
        ["--customer", "C-1"],
        ["--customer", "C-1", "--text", "x", "--claim", "12.50"],
        ["--customer", "C-1", "--text", "x", "--fact", "paid"],
        ["--customer", "C-1", "--text", "x", "--channel", "fax"],
        ["--customer", "C-1", "--text", "x", "--product", "mortgage"],
        ["--customer", "C-1", "--text", "x", "case.json"],
        ["missing.json"],
    ],
)
def test_wrong_use_exits_2(run: Run, intake: Intake, words: list[str]) -> None:
    assert run("submit", *words, at=intake).exit_code == 2
