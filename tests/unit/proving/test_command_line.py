"""`evenhand policy verify` says what is wrong, where, and with which case."""

import shutil
from pathlib import Path

import orjson
import typer
from typer.testing import CliRunner

from evenhand.policy_verify import verify
from services.decision import policy as shipped
from shared.errors import EvenhandError

app = typer.Typer()
app.command()(verify)


def _broken(folder: Path) -> Path:
    """Copy the shipped policy, and let its root matrix begin a day too late."""
    source = Path(shipped.__file__).parent
    shutil.copy(source / "policy.yaml", folder)
    shutil.copytree(source / "matrices", folder / "matrices")
    root = folder / "matrices" / "default.yaml"
    text = root.read_text(encoding="utf-8")
    root.write_text(text.replace("valid_from: 2026-11-21", "valid_from: 2026-11-22"), "utf-8")
    return folder


def test_a_broken_policy_fails_and_names_the_place(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [str(_broken(tmp_path))])
    assert done.exit_code == 1
    assert "gap: matrices.default.valid_from" in done.output
    assert "cells" in done.output


def test_the_proof_is_read_by_machines(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [str(_broken(tmp_path)), "--json"])
    assert done.exit_code == 1
    said = orjson.loads(done.stdout)
    assert said["ok"] is False
    assert {problem["kind"] for problem in said["problems"]} >= {"gap"}
    assert said["cells"] > 0


def test_a_folder_without_a_policy_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [str(tmp_path)])
    assert done.exit_code != 0
    assert isinstance(done.exception, EvenhandError)
