from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from evenhand.__main__ import COMMANDS, build
from shared.errors import EvenhandError
from tests.unit.cli.intake_double import Intake, serving

Run = Callable[..., Result]


@pytest.fixture
def intake() -> Iterator[Intake]:
    with serving() as double:
        yield double


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command where no stack was ever started; its errors are in `exception`."""
    monkeypatch.setenv("EVENHAND_HOME", str(tmp_path))
    monkeypatch.delenv("EVENHAND_INTAKE_URL", raising=False)
    monkeypatch.delenv("EVENHAND_ADMIN_DATABASE_URL", raising=False)

    def call(*words: str, stdin: str = "", at: Intake | None = None) -> Result:
        if at is not None:
            monkeypatch.setenv("EVENHAND_INTAKE_URL", at.url)
            monkeypatch.setenv("EVENHAND_API_KEY", "evh_1_secret")
        result = CliRunner().invoke(build(COMMANDS), list(words), input=stdin)
        if result.exception is not None and not isinstance(
            result.exception, SystemExit | EvenhandError
        ):
            raise result.exception
        return result

    return call
