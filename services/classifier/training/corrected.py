"""People's corrections as training cases, and the reference that later tags are compared with.

Corrections are never trained on by themselves: whoever trains names the file, and the artefact
names its sha256.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from services.classifier import drift, tagging
from services.classifier.exporting import AUTHOR
from services.classifier.training.corpus import Case, CorpusError, read


def read_corrections(path: Path) -> tuple[list[Case], dict[str, str]]:
    """Read what `evenhand corrections export` wrote; return also name and sha256 of the file.

    Raises:
        CorpusError: the file cannot be read, or holds anything but corrections.

    """
    cases = read([path])
    strangers = [case.id for case in cases if case.author != AUTHOR]
    if strangers:
        raise CorpusError(f"{path}: {strangers[0]} is no correction")
    return cases, {f"corrections:{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()}


def write_reference(folder: Path, cases: Sequence[Case]) -> None:
    """Write beside a model how often it gives each value on these cases."""
    tagged = tagging.load(folder).tag([case.message for case in cases])
    path = folder / drift.SHIPPED.name
    path.write_text(drift.written(drift.shares(tagged)), "utf-8")
