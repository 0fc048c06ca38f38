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
    assert said.startswith(f"{path}:3 is not a labelled case: gold.tone: ")
    assert "http" not in said
    assert "\n" not in said


@pytest.mark.parametrize("line", [b"{}", b"[]", b"nonsense", b"\xff", b"[" * 100_000])
def test_a_line_that_is_no_case_is_named(path: Path, line: bytes) -> None:
    path.write_bytes(json.dumps(CASE).encode() + b"\n" + line)
    with pytest.raises(CorpusError, match=r":2 is not a labelled case"):
        read([path])
