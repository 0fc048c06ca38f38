"""What every message says in every language, as files to read and to compare.

After a change that is meant: `PYTHONPATH=. python tests/unit/notifier/test_snapshots.py` writes the
files anew; the difference is what a reviewer reads.
"""

from pathlib import Path

import pytest

from services.notifier.domain import Language
from services.notifier.messages.gallery import say, say_shortly
from services.notifier.messages.render import Voice
from services.notifier.messages.samples import samples

FOLDER = Path(__file__).parent / "snapshots"
VOICE = Voice.load()


def _said(language: Language) -> dict[str, str]:
    found = {}
    for sample in samples():
        message = say(VOICE, sample, language)
        short = say_shortly(VOICE, sample, language)
        found[f"{sample.name}.{language}.txt"] = (
            f"{message.subject}\n\n{message.plain}\nSMS: {short}\n"
        )
    return found


@pytest.mark.parametrize("language", list(Language))
def test_every_message_says_what_was_agreed(language: Language) -> None:
    for name, text in _said(language).items():
        path = FOLDER / name
        assert path.exists(), f"{name} is new: write the snapshots anew and read it"
        assert text == path.read_text(encoding="utf-8"), name


def test_no_snapshot_is_left_of_a_message_that_is_gone() -> None:
    wanted = {name for language in Language for name in _said(language)}
    assert {path.name for path in FOLDER.iterdir()} == wanted


def _write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        path.unlink()
    for language in Language:
        for name, text in _said(language).items():
            (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _write()
