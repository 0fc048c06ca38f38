"""`evenhand message`: what customers are told can be looked at before anybody is told it."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from deploy.local.processes import ROOT
from services.notifier.domain import Language
from services.notifier.messages.samples import samples
from tests.unit.cli.conftest import Run

GOLDEN = ROOT / "tests" / "contract" / "golden"


def test_an_example_is_shown_by_its_name(run: Run) -> None:
    shown = run("message", "preview", "--event", "own_slip_forgiven", "--lang", "pl").stdout
    assert shown.startswith("Nasza odpowiedź w Państwa sprawie\n\nDzień dobry,")
    assert "31 października 2026 r." in shown
    html = run("message", "preview", "--event", "own_slip_forgiven", "--lang", "pl", "--html")
    assert html.stdout.startswith('<!DOCTYPE html>\n<html lang="pl">')


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("evenhand.case.decided.v1--with_particulars", "12 November 2026"),
        ("evenhand.case.sla.v1--warned_with_a_new_date", "28 December 2026"),
        ("evenhand.case.asked.v1--what_happened", "what happened"),
        ("evenhand.case.submitted.v1--*", "We have received"),
        ("evenhand.case.referred.v1--review", "member of our staff"),
    ],
)
def test_an_event_in_a_file_is_shown_as_its_customer_reads_it(
    run: Run, name: str, words: str
) -> None:
    path = next(iter(sorted(GOLDEN.glob(f"{name}.json"))))
    shown = run("message", "preview", "--event", str(path), "--json").stdout
    assert words in json.loads(shown)["plain"]


def test_an_event_that_ends_a_day_at_midnight_is_shown_with_that_day(
    run: Run, tmp_path: Path
) -> None:
    event = json.loads((GOLDEN / "evenhand.case.asked.v1--what_happened.json").read_text())
    path = tmp_path / "asked.json"
    path.write_text(json.dumps(event | {"answer_by": "2026-12-20T23:00:00Z"}))  # in Warsaw
    shown = run("message", "preview", "--event", str(path), "--jurisdiction", "pl").stdout
    assert "by 20 December 2026" in shown


def test_a_file_that_tells_the_customer_nothing_is_refused_with_the_reason(
    run: Run, tmp_path: Path
) -> None:
    for text, reason in (
        ("{", "is not JSON"),
        ("[]", "not the body of an event"),
        ('{"decision": {}}', "case_id"),
        ((GOLDEN / "evenhand.case.sla.v1--armed.json").read_text(), "tells the customer nothing"),
        (
            (GOLDEN / "evenhand.case.classified.v1--with_accepted_at.json").read_text(),
            "not the body of an event",
        ),
    ):
        path = tmp_path / "event.json"
        path.write_text(text, encoding="utf-8")
        assert reason in str(run("message", "preview", "--event", str(path)).exception)
    assert "examples: receipt" in str(run("message", "preview", "--event", "nope").exception)


def test_the_banks_own_texts_are_shown_and_a_wrong_one_is_refused(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "pl.yaml"
    own.write_text('receipt: {subject: "Mamy"}', encoding="utf-8")
    words = ("message", "preview", "--event", "receipt", "--lang", "pl", "--texts", str(tmp_path))
    assert run(*words).stdout.startswith("Mamy\n")
    own.write_text('case: "no placeholder"', encoding="utf-8")
    assert "lacks the placeholder {case}" in str(run(*words).exception)


def test_the_gallery_holds_every_message_in_every_language_and_asks_for_nothing(
    run: Run, tmp_path: Path
) -> None:
    run("message", "gallery", str(tmp_path))
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert page.count("<article ") == len(samples()) * len(Language)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = b64encode(sha256(style.group(1).encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in page
    assert "<script" not in page
    assert not re.search(r"\s(style|src|on\w+)=", page)
