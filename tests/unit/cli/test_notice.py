"""`evenhand notice`: what it asks of the notifier, and what it tells."""

import json
from typing import Any

import pytest

from shared.errors import EvenhandError
from tests.unit.cli.conftest import Run
from tests.unit.cli.intake_double import Intake

NOTICE: dict[str, Any] = {
    "notice_id": "5b1c",
    "notice": "receipt",
    "channel": "email",
    "state": "bounced",
    "sent_at": None,
    "subject": None,
    "detail": "5.1.1",
    "again_of": None,
}
CASE = {"case_id": "019a", "contacts": {"email": "not usable"}, "notices": [NOTICE]}
WEBHOOK = {
    "url": "https://bank.example/hook",
    "failures": 10,
    "failing_since": "2026-11-19",
    "disabled_at": "2026-11-20",
    "why": "500",
}


@pytest.fixture
def notifier(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> Intake:
    monkeypatch.setenv("EVENHAND_NOTIFIER_URL", intake.url)
    monkeypatch.setenv("EVENHAND_API_KEY", "evh_1_secret")
    intake.will_answer("GET", "/v1/cases/019a/notices", (200, CASE))
    return intake


def test_what_was_sent_in_a_case_is_listed(run: Run, notifier: Intake) -> None:
    shown = run("notice", "list", "019a").stdout
    assert "bounced" in shown
    assert "5.1.1" in shown
    assert json.loads(run("notice", "list", "019a", "--json").stdout) == CASE
    assert notifier.requests[-1][2]["Authorization"] == "Bearer evh_1_secret"


def test_failures_of_all_cases_are_listed_with_disabled_webhooks(
    run: Run, notifier: Intake
) -> None:
    found = {"notices": [NOTICE], "next": None, "disabled_webhooks": [WEBHOOK]}
    notifier.will_answer("GET", "/v1/notices/failed", (200, found))
    assert "bank.example" in run("notice", "list", "--failed").stdout


@pytest.mark.parametrize("words", [[], ["019a", "--failed"]])
def test_either_a_case_or_what_failed(run: Run, words: list[str]) -> None:
    assert run("notice", "list", *words).exit_code == 2


def test_sending_again_says_why_and_has_a_key_of_its_own(run: Run, notifier: Intake) -> None:
    path = "/v1/cases/019a/notices/5b1c/resend"
    notifier.will_answer("POST", path, (202, {"notice_id": "77aa", "state": "queued"}))
    for _ in range(2):
        assert run("notice", "resend", "019a", "5b1c", "--reason", "x").stdout == "77aa  queued\n"
    first, second = notifier.requests[-2:]
    assert json.loads(first[3]) == {"reason": "x"}
    assert first[2]["Idempotency-Key"] != second[2]["Idempotency-Key"]


def test_a_notifier_that_is_away_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENHAND_NOTIFIER_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("EVENHAND_API_KEY", "k")
    error = run("notice", "list", "019a").exception
    assert isinstance(error, EvenhandError)
    assert "no answer from the notifier" in str(error)
