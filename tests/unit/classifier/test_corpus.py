"""Files of labelled cases are read as lines of JSON, whatever wrote them."""

import codecs
import json
from pathlib import Path

import pytest

from services.classifier.training.corpus import CorpusError, read

CASE = {
    "id": "1",
    "lang": "en",
    "category": "information",
    "text": "Thank you.",
    "gold": {"tone": "courteous", "pressure": "none", "fault": "unclear", "flags": []},
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "labelled.jsonl"


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\u0085", "\x1e"])
def test_only_a_line_feed_ends_a_line(path: Path, sign: str) -> None:
    case = CASE | {"text": f"Thank{sign}you."}
    path.write_text(json.dumps(case, ensure_ascii=False) + "\r\n", "utf-8")
    assert [case.text for case in read([path])] == [f"Thank{sign}you."]


def test_blank_lines_and_a_mark_of_byte_order_are_no_cases(path: Path) -> None:
    line = json.dumps(CASE).encode()
    path.write_bytes(codecs.BOM_UTF8 + line + b"\n\n \r\n" + line)
    assert len(read([path])) == 2


def test_a_wrong_label_is_told_in_one_line_with_its_field(path: Path) -> None:
    wrong = CASE | {"gold": {"tone": "angry", "pressure": "none", "fault": "unclear", "flags": []}}
    path.write_text(f"{json.dumps(CASE)}\n\n{json.dumps(wrong)}\n", "utf-8")
    with pytest.raises(CorpusError) as error:
        read([path])
    said = str(error.value)
    choices = "courteous, upset, rude, abusive"
    assert said == f"{path}:3 is not a labelled case: gold.tone: must be one of {choices}"


@pytest.mark.parametrize("line", [b"{}", b"[]", b"nonsense", b"\xff", b"[" * 100_000])
def test_a_line_that_is_no_case_is_named(path: Path, line: bytes) -> None:
    path.write_bytes(json.dumps(CASE).encode() + b"\n" + line)
    with pytest.raises(CorpusError, match=r":2 is not a labelled case"):
        read([path])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"nonsense", "is not JSON: expecting value (column 1)"),
        (b'{"a": \xff}', "is not UTF-8 (byte 7)"),
        (b"[" * 100_000, "is nested too deep"),
        (b"[]", "must be a JSON object"),
        (b'{"id": 1}', "id: must be a string; lang: is required"),
    ],
)
def test_what_keeps_a_line_from_being_a_case_is_said_in_plain_words(
    path: Path, line: bytes, said: str
) -> None:
    path.write_bytes(line)
    with pytest.raises(CorpusError) as error:
        read([path])
    assert str(error.value).startswith(f"{path}:1 is not a labelled case: {said}")


def test_a_missing_file_is_named_once(path: Path) -> None:
    with pytest.raises(CorpusError) as error:
        read([path])
    assert str(error.value) == f"cannot read {path}: No such file or directory"
