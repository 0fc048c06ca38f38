"""`evenhand policy`: the matrix as it answers, a case on its way, and a backtest of files."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evenhand import samples
from services.decision.policy.loading import SHIPPED
from shared.errors import Rejected
from shared.events.case import Category
from shared.events.tags import Fault, Flag, Tone
from tests.unit.cli.conftest import Run

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SLIP: dict[str, Any] = {
    "customer": {"id": "C-1029", "language": "pl", "jurisdiction": "PL"},
    "channel": "web",
    "category": "missed_due_date",
    "product": "card",
    "text": "Przepraszam, zapomniałem.",
    "received_at": "2026-12-02T10:00:00+01:00",
    "claim": {"amount": "12.50", "currency": "PLN"},
    "facts": {"due_at": "2026-12-01T23:59:59+01:00", "paid_at": "2026-12-02T02:10:00+01:00"},
    "tags": {"tone": "courteous", "pressure": "none", "fault": "customer", "flags": ["vulnerable"]},
}


def _write(folder: Path, *cases: object) -> Path:
    file = folder / "cases.jsonl"
    file.write_text("\n".join(map(json.dumps, cases)), encoding="utf-8")
    return file


def _candidate(folder: Path, old: str, new: str) -> Path:
    """Write the shipped policy with one change."""
    shutil.copytree(SHIPPED / "matrices", folder / "candidate" / "matrices")
    text = (SHIPPED / "policy.yaml").read_text(encoding="utf-8")
    assert old in text
    changed = text.replace(old, new)
    (folder / "candidate" / "policy.yaml").write_text(changed, encoding="utf-8")
    return folder / "candidate"


def test_the_matrix_says_of_each_row_where_it_comes_from(run: Run) -> None:
    words = ("policy", "explain", "--country", "PL", "--product", "card", "--json")
    told = json.loads(run(*words).stdout)
    origins = {row["id"]: row["from"] for row in told["rows"]}
    assert told["matrix"] == "pl-card"
    assert (origins["third_party.any"], origins["malfunction.card_problem"]) == ("pl-card", "card")
    assert origins["own_slip.any"] == "default"
    lineage = {one["id"]: one["lineage"] for one in told["matrices"]}
    assert lineage["pl-card"] == ["pl-card", "card", "default"]


def test_people_read_matrix_certificates_and_trust(run: Run) -> None:
    told = run("policy", "explain").stdout
    for part in ("own_slip.missed_due_date", "10000 a day", "2 : 48, that is 4.0%", "112.50 EUR"):
        assert part in told


def test_a_case_is_decided_with_all_that_was_looked_at(run: Run, tmp_path: Path) -> None:
    file = _write(tmp_path, SLIP)
    told = json.loads(run("policy", "explain", "--case", str(file), "--json").stdout)
    assert told["matrix"] == "pl-card"
    assert told["outcome"] == "decided"
    assert told["said"]["told"] == "specialist"
    looked_at = {row["row"]: row["looked at"] for row in told["rows"]}
    assert looked_at["own_slip.missed_due_date"] == "answers"
    assert looked_at["own_slip.any"] == "fits; another row is more specific"
    assert looked_at["own_slip.fraud"] == "for another category"
    shown = run("policy", "explain", "--case", str(file)).stdout
    assert "declined, basis contract: own_slip" in shown


def test_the_thresholds_are_told_by_value(run: Run) -> None:
    assert "company 0.4, customer 0.6" in run("policy", "explain").stdout
    told = json.loads(run("policy", "explain", "--json").stdout)["settings"]["confidence"]
    assert (told["fault"]["company"], told["tone"]["rude"]) == (0.4, 0.7)


def test_a_case_is_told_how_sure_its_tags_had_to_be(run: Run, tmp_path: Path) -> None:
    tags = {
        **SLIP["tags"],
        "tone": {"value": "rude", "confidence": 0.65},
        "fault": {"value": "customer", "confidence": 0.6},
    }
    file = _write(tmp_path, {**SLIP, "tags": tags})
    told = json.loads(run("policy", "explain", "--case", str(file), "--json").stdout)
    found = {rule["rule"]: rule["found"] for rule in told["rules"]}
    assert found["who erred"] == "customer, confidence 0.60 against 0.60: enough"
    assert found["conduct"] == (
        "unconstructive: rude, confidence 0.65 against 0.70: a guess, for which nobody is declined"
    )
    assert told["said"]["reason"] == "conduct_uncertain"


def test_both_numbers_of_trust_are_shown(run: Run, tmp_path: Path) -> None:
    tags = {**SLIP["tags"], "fault": "company"}
    claim = {**SLIP, "category": "fee_dispute", "facts": {}, "tags": tags}
    shown = run("policy", "explain", "--case", str(_write(tmp_path, claim))).stdout
    assert "cost of checking 4.5 EUR: trusted" in shown


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ({**SLIP, "category": "nonsense"}, "category"),
        ({**SLIP, "claim": {"amount": "-1", "currency": "PLN"}}, "claim.amount"),
        ({**SLIP, "tags": {"tone": "furious"}}, "tone"),
        ({"customer": {"id": "C-1"}}, "text"),
        ([], "line"),
    ],
)
def test_a_wrong_case_is_refused_with_file_line_and_field(
    run: Run, tmp_path: Path, line: object, complaint: str
) -> None:
    file = _write(tmp_path, SLIP, line)
    failed = run("policy", "explain", "--case", str(file)).exception
    assert isinstance(failed, Rejected)
    assert str(failed).startswith(f"{file}:2: ")
    assert complaint in str(failed)


def test_more_than_one_case_is_not_explained(run: Run, tmp_path: Path) -> None:
    failed = run("policy", "explain", "--case", str(_write(tmp_path, SLIP, SLIP))).exception
    assert "give one" in str(failed)


def test_a_broken_policy_is_refused_with_its_place(run: Run, tmp_path: Path) -> None:
    folder = _candidate(tmp_path, "days_late: 3", "days_late: -3")
    failed = run("policy", "explain", "--policy", str(folder)).exception
    assert "policy.yaml:" in str(failed)
    assert "days_late" in str(failed)


def test_a_case_of_a_file_keeps_its_tags_with_full_confidence(tmp_path: Path) -> None:
    (sample,) = samples.read([_write(tmp_path, SLIP)], NOW)
    case = sample.case
    assert (case.customer_id, case.jurisdiction, case.language) == ("C-1029", "PL", "pl")
    assert (case.tags.tone.value, case.tags.tone.confidence) == (Tone.COURTEOUS, 1.0)
    assert [flag.value for flag in case.tags.flags] == [Flag.VULNERABLE]


def test_a_classified_case_is_read_as_it_was_written(tmp_path: Path) -> None:
    (sample,) = samples.read([_write(tmp_path, SLIP)], NOW)
    known = {"history": {"verified": 3}}
    line = {**json.loads(sample.case.model_dump_json()), "known": known}
    (again,) = samples.read([_write(tmp_path, line)], NOW)
    assert again.case == sample.case
    assert again.known.history.verified == 3


def test_a_development_case_is_received_a_day_after_its_last_fact(tmp_path: Path) -> None:
    line = {
        "id": "D-1",
        "lang": "uk",
        "category": "fee_dispute",
        "text": "…",
        "claim": None,
        "facts": {"due_at": "2025-03-03T23:59:00+00:00"},
        "gold": {"tone": "rude", "pressure": "none", "fault": "company", "flags": []},
    }
    (sample,) = samples.read([_write(tmp_path, line)], NOW)
    assert sample.case.received_at == datetime(2025, 3, 4, 23, 59, tzinfo=UTC)
    assert (sample.case.customer_id, sample.case.language) == ("D-1", "uk")
    (undated,) = samples.read([_write(tmp_path, {**line, "facts": None})], NOW)
    assert undated.case.received_at == NOW


def test_a_case_without_tags_is_tagged(tmp_path: Path) -> None:
    line = {name: value for name, value in SLIP.items() if name != "tags"}
    (sample,) = samples.read([_write(tmp_path, line)], NOW)
    assert sample.case.category is Category.MISSED_DUE_DATE
    assert sample.case.tags.fault.value is Fault.CUSTOMER
    assert sample.case.tags.model != "given"


def test_whoever_is_moved_is_counted_and_listed(run: Run, tmp_path: Path) -> None:
    candidate = _candidate(tmp_path, "  times: 2 ", "  times: 1 ")
    received = datetime(2026, 12, 2, 9, tzinfo=UTC)
    cases = [
        {**SLIP, "id": n, "received_at": (received + timedelta(hours=n)).isoformat()}
        for n in range(3)
    ]
    words = ("policy", "simulate", "--candidate", str(candidate), "--cases")
    told = json.loads(run(*words, str(_write(tmp_path, *cases)), "--json").stdout)
    assert (told["cases"], told["changed"], told["worse"]) == (3, 1, 1)
    assert told["by_language"]["pl"] == {"cases": 3, "changed": 1, "better": 0, "worse": 1}
    assert told["by_flag"]["vulnerable"]["changed"] == 1
    assert (told["before"]["goodwill_eur"], told["after"]["goodwill_eur"]) == ("6.25", "3.13")
    (mover,) = told["movers"]
    assert (mover["customer_id"], mover["eur"]) == ("C-1029", "-3.13")
    assert "own_slip_repeated" in mover["why"]
    shown = run(*words, str(_write(tmp_path, *cases))).stdout
    assert "1 of 3 cases differ" in shown


@pytest.mark.parametrize("words", [(), ("--stored", "--cases", "x.jsonl")])
def test_cases_come_from_files_or_from_the_database(
    run: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    assert run("policy", "simulate", "--candidate", str(tmp_path), *words).exit_code == 2
