"""`classify` scores labelled cases and counts shares, for people and for machines alike."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from deploy.local.processes import ROOT
from services.classifier.tagging import Tier
from tests.unit.cli.conftest import Run

CASES = [
    {
        "id": "1",
        "lang": "en",
        "category": "information",
        "text": "Hello, how do I change my address? Thank you.",
        "gold": {"tone": "courteous", "pressure": "none", "fault": "unclear", "flags": []},
    },
    {
        "id": "2",
        "lang": "und",
        "category": "other",
        "text": "Wo ist mein Geld? Ich warte schon so lange.",
        "gold": {"tone": "courteous", "pressure": "none", "fault": "unclear", "flags": []},
    },
]


@pytest.fixture(autouse=True)
def fast_tier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENHAND_CLASSIFIER_TIER", "fast")


@pytest.fixture
def labelled(tmp_path: Path) -> str:
    path = tmp_path / "labelled.jsonl"
    path.write_text("".join(f"{json.dumps(case)}\n" for case in CASES), "utf-8")
    return str(path)


def test_scores_for_machines_are_one_object_with_every_score(run: Run, labelled: str) -> None:
    done = run("classify", "--evaluate", labelled, "--json")
    assert done.exit_code == 0
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert found["cases"] == 2
    assert set(found["targets"]) == {"tone", "pressure", "fault"}
    tone = found["targets"]["tone"]
    assert (tone["macro_f1"], tone["languages"]) == (1.0, {"en": 1.0, "und": 1.0})
    assert tone["values"] == {"courteous": 1.0, "upset": None, "rude": None, "abusive": None}
    assert 0 <= tone["ece"] <= 1
    assert tone["confusion"]["courteous"] == {"courteous": 2, "upset": 0, "rude": 0, "abusive": 0}
    assert tone["abstention"][0] == {"threshold": 0.0, "kept": 1.0, "right": 1.0}
    assert found["flags"]["legal"] == {"precision": None, "recall": None, "f1": None}
    assert found["language_right"] == 1.0


def test_scores_for_people_and_for_machines_are_the_same(run: Run, labelled: str) -> None:
    told = run("classify", "--evaluate", labelled).stdout
    found = json.loads(run("classify", "--evaluate", labelled, "--json").stdout)
    for target, one in found["targets"].items():
        each = [one["macro_f1"], *one["languages"].values(), one["ece"]]
        assert f"| {target} | " + " | ".join(f"{score:.3f}" for score in each) + " |" in told


def test_a_message_that_was_not_read_is_no_fact_that_decided(run: Run, labelled: str) -> None:
    assert json.loads(run("classify", "--evaluate", labelled, "--json").stdout)["facts"] == {}
    assert "language_not_read" not in run("classify", "--evaluate", labelled).stdout


def test_shares_for_machines_stand_on_one_line(run: Run) -> None:
    lines = '{"text": "Thank you very much for your help."}\n'
    (line,) = run("classify", "--shares", "--json", stdin=lines).stdout.splitlines()
    assert json.loads(line) == json.loads(run("classify", "--shares", stdin=lines).stdout)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--explain", "--shares"], "--explain and --shares"),
        (["--evaluate", "LABELLED", "--shares"], "--evaluate and --shares"),
        (["--evaluate", "LABELLED", "--explain"], "--evaluate and --explain"),
        (["--explain", "--json"], "--explain and --json"),
        (["--evaluate", "LABELLED", "LABELLED"], "--evaluate and FILE"),
    ],
)
def test_what_does_not_go_together_is_refused_by_its_names(
    run: Run, labelled: str, words: list[str], named: str
) -> None:
    given = [labelled if word == "LABELLED" else word for word in words]
    done = run("classify", *given, stdin='{"text": "Hello"}\n')
    assert done.exit_code == 2
    assert done.stdout == ""
    assert f"{named} do not go together" in done.stderr


@pytest.mark.parametrize("option", [["--evaluate"], []])
def test_a_missing_file_is_wrong_use_and_is_named_once(run: Run, option: list[str]) -> None:
    done = run("classify", *option, "nothere.jsonl")
    assert done.exit_code == 2
    assert done.stderr.count("nothere.jsonl") == 1
    assert "Errno" not in done.stderr


def test_lines_of_a_file_are_tagged_like_those_of_stdin(run: Run, tmp_path: Path) -> None:
    lines = '{"id": "a-1", "text": "I paid a day late, sorry."}\n'
    path = tmp_path / "cases.jsonl"
    path.write_text(lines, "utf-8")
    told = run("classify", stdin=lines).stdout
    assert run("classify", str(path)).stdout == told
    assert run("classify", "-", stdin=lines).stdout == told


def test_the_document_names_every_option_and_every_tier(run: Run) -> None:
    told = (ROOT / "docs/classifier.md").read_text("utf-8")
    shown = run("classify", "--help").stdout
    options = set(re.findall(r"--[a-z]+", shown)) - {"--help"}
    assert options == {"--json", "--explain", "--evaluate", "--shares", "--ask", "--tier"}
    assert [one for one in sorted(options) if f"`{one}" not in told] == []
    assert [tier for tier in get_args(Tier) if f"| `{tier}` |" not in told] == []


def test_the_document_names_every_field_of_an_answer(run: Run) -> None:
    told = (ROOT / "docs/classifier.md").read_text("utf-8")
    good, bad = run("classify", stdin='{"id": 1, "text": "Hello"}\n{"id": 2}\n').stdout.splitlines()
    fields = {*json.loads(good), *json.loads(bad)}
    assert [field for field in sorted(fields) if f"`{field}`" not in told] == []
