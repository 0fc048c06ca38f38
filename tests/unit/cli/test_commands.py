import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.processes import ROOT
from evenhand.__main__ import COMMANDS
from tests.unit.cli.conftest import Run

GROUPS = {"case": ["show", "list", "watch", "explain"], "dlq": ["list", "replay"]}
GROUPS["key"] = ["create", "list", "revoke"]
GROUPS["policy"] = ["explain", "simulate", "shadow", "verify"]
GROUPS["sla"] = ["forecast", "packs", "plan"]
GROUPS["log"] = ["verify"]
GROUPS["corrections"] = ["export", "erase"]
GROUPS["message"] = ["preview", "gallery"]
GROUPS["notice"] = ["list", "resend"]
GROUPS["desk"] = [
    *("queue", "show", "take", "release", "hand-over", "done", "decide", "approve", "refuse"),
    *("approvals", "certificate", "end-service", "take-back", "name-cause"),
    *("tags", "ledger", "samples", "review"),
    *("causes", "sweep", "confirm-cause", "affected", "redressed", "remove-cause"),
]
LEAVES = [[name, leaf] for name in COMMANDS for leaf in GROUPS.get(name, [""])]


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_every_command_has_help_with_an_example_and_json(run: Run, words: list[str]) -> None:
    shown = run(*(word for word in words if word), "--help").stdout
    assert "Example:\n  " in shown
    assert "evenhand " + " ".join(words).strip() in shown.partition("Example:")[2]
    assert "--json" in shown


@pytest.mark.parametrize("words", [["nope"], ["case", "nope"], ["up", "--nope"], ["dlq", "replay"]])
def test_wrong_use_exits_2(run: Run, words: list[str]) -> None:
    assert run(*words).exit_code == 2


def test_a_choice_that_there_is_not_is_told_without_the_words_of_a_library(run: Run) -> None:
    done = run("submit", "--channel", "fax")
    assert done.exit_code == 2
    assert "Invalid value for '--channel': 'fax' is not one of 'web'," in done.stderr


@pytest.mark.parametrize(
    "words",
    [["migrate"], ["dlq", "list"], ["key", "list"], ["log", "verify"], ["policy", "shadow"]],
)
def test_without_a_database_the_variable_is_named(run: Run, words: list[str]) -> None:
    assert "EVENHAND_ADMIN_DATABASE_URL" in str(run(*words).exception)


@pytest.mark.parametrize(
    ("variables", "code", "complaint"),
    [
        ({"EVENHAND_INTAKE_URL": "http://127.0.0.1:1", "EVENHAND_API_KEY": "k"}, 1, "no answer"),
        ({}, 1, "EVENHAND_INTAKE_URL"),
    ],
)
def test_expected_trouble_is_one_line_on_stderr(
    tmp_path: Path, variables: dict[str, str], code: int, complaint: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "evenhand", "case", "list"],
        cwd=ROOT,
        env={"EVENHAND_HOME": str(tmp_path), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert complaint in done.stderr


def test_a_wrong_setting_counts_as_wrong_use(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "evenhand", "up", "--folder", str(tmp_path)],
        cwd=ROOT,
        env={"EVENHAND_INTAKE_PORT": "many"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "EVENHAND_INTAKE_PORT" in done.stderr


def test_a_contract_is_printed_by_its_topic(run: Run) -> None:
    schema = json.loads(run("schema", "evenhand.case.decided.v1").stdout)
    assert schema["title"] == "CaseDecided"


def test_the_samples_show_every_tag_in_four_languages() -> None:
    lines = (ROOT / "deploy/samples/cases.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines]
    languages = [case["customer"]["language"] for case in cases]
    assert len(cases) >= 60
    assert {languages.count(one) for one in ("en", "ru", "uk", "pl")} == {len(cases) // 4}
    assert len({case["customer"]["id"] for case in cases}) == len(cases)
    assert all(case["customer"]["contacts"]["email"].endswith("@example.com") for case in cases)
    assert len({case["category"] for case in cases}) == 14
