"""The committed model: checked by hash, read without pickle, small."""

import json
import shutil
from pathlib import Path
from zipfile import ZipFile

import pytest

import services.classifier
from services.classifier import tagging
from services.classifier.tagging import ModelError
from services.classifier.tagging.weights import DESCRIPTION, TABLES, Weights, write
from services.classifier.training.corpus import EXTRA, PIECES, TRAINING
from services.classifier.training.plain import PUBLIC
from services.classifier.training.written import WRITTEN

MODEL = Path(services.classifier.__file__).parent / "model"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in (TABLES, DESCRIPTION):
        shutil.copy(MODEL / name, tmp_path / name)
    return tmp_path


def test_the_committed_model_loads() -> None:
    assert tagging.load().tag([]) == []


def test_a_changed_table_is_refused_and_named(copy: Path) -> None:
    with (copy / TABLES).open("ab") as tables:
        tables.write(b"\0")
    with pytest.raises(ModelError, match=r"weights\.npz does not have the sha256"):
        tagging.load(copy)


def test_a_model_for_other_word_lists_is_refused(copy: Path) -> None:
    about = json.loads((copy / DESCRIPTION).read_text("utf-8"))
    about["lists_sha256"] = "0" * 64
    (copy / DESCRIPTION).write_text(json.dumps(about), "utf-8")
    with pytest.raises(ModelError, match="word lists changed"):
        tagging.load(copy)


@pytest.mark.parametrize("missing", [TABLES, DESCRIPTION])
def test_a_missing_file_is_refused(copy: Path, missing: str) -> None:
    (copy / missing).unlink()
    with pytest.raises(ModelError, match="cannot read the model"):
        tagging.load(copy)


def test_nothing_in_the_model_is_pickled() -> None:
    with ZipFile(MODEL / TABLES) as tables:
        for name in tables.namelist():
            header = tables.read(name)[:200]
            assert b"'|O'" not in header
            assert name.endswith(".npy")


def test_writing_what_was_read_gives_the_same_bytes(copy: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    write(again, Weights.read(copy))
    for name in (TABLES, DESCRIPTION):
        assert (again / name).read_bytes() == (MODEL / name).read_bytes()


INPUTS = TRAINING | EXTRA | PIECES | PUBLIC | WRITTEN


def test_the_model_is_small_and_names_its_inputs() -> None:
    assert sum(path.stat().st_size for path in MODEL.iterdir()) < 14_000_000
    assert Weights.read(MODEL).about.inputs_sha256 == INPUTS
    assert not any("dev" in name for name in INPUTS)
