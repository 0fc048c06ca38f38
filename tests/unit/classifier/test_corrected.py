"""Corrections on their way into training: only by name, known by their hash, and nothing else."""

import hashlib
import json
from pathlib import Path

import pytest

from services.classifier import drift, tagging
from services.classifier.tagging import ModelError
from services.classifier.training.corpus import Case, CorpusError
from services.classifier.training.corrected import read_corrections, write_reference

SHIPPED = Path(tagging.__file__).parent.parent / "model"
CASE: dict[str, object] = {
    "id": "desk-1",
    "group": "desk-customer-1",
    "author": "desk",
    "lang": "en",
    "category": "fee_dispute",
    "text": "You charged me twice.",
    "facts": {},
    "claim": None,
    "gold": {"tone": "courteous", "pressure": "none", "fault": "company", "flags": []},
    "teaches": ["fault"],
}


def file_of(folder: Path, *cases: dict[str, object]) -> Path:
    path = folder / "corrections.jsonl"
    path.write_text("".join(json.dumps(case) + "\n" for case in cases))
    return path


def test_corrections_teach_what_people_named_and_are_known_by_their_hash(tmp_path: Path) -> None:
    path = file_of(tmp_path, CASE)
    (case,), named = read_corrections(path)
    assert case.teaches == {"fault"}
    assert named == {"corrections:corrections.jsonl": hashlib.sha256(path.read_bytes()).hexdigest()}


def test_other_labelled_cases_are_not_taken_for_corrections(tmp_path: Path) -> None:
    stranger = {**CASE, "id": "dev-7", "author": ""}
    with pytest.raises(CorpusError, match="dev-7"):
        read_corrections(file_of(tmp_path, CASE, stranger))


def test_the_reference_stands_beside_the_model_it_was_made_with(tmp_path: Path) -> None:
    cases = [Case.model_validate(CASE)] * 3
    with pytest.raises(ModelError):
        write_reference(tmp_path, cases)
    for part in SHIPPED.iterdir():
        (tmp_path / part.name).write_bytes(part.read_bytes())
    write_reference(tmp_path, cases)
    found = drift.read(tmp_path / "reference.json")
    assert found["language"] == {"en": 1.0, "ru": 0.0, "uk": 0.0, "pl": 0.0, "und": 0.0}
