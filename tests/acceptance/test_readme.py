"""The commands that the README shows work as they are printed."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.stack import Stack

ROOT = Path(__file__).parents[2]


def _commands() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    joined = "\n".join(blocks).replace("\\\n", " ")
    return [
        line[2:].split("  #")[0].strip() for line in joined.splitlines() if line.startswith("$ ")
    ]


@pytest.mark.parametrize("command", [c for c in _commands() if c.startswith("make ")])
def test_a_make_target_of_the_readme_exists(command: str) -> None:
    done = subprocess.run(  # noqa: S603 - a command of our own README, not executed (-n)
        [*shlex.split(command), "-n"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [c for c in _commands() if c.startswith("evenhand ")])
def test_a_command_of_the_readme_works(command: str, stack: Stack) -> None:
    done = subprocess.run(  # noqa: S603 - a command of our own README
        [Path(sys.executable).with_name("evenhand"), *shlex.split(command)[1:]],
        env={
            "EVENHAND_INTAKE_URL": stack.addresses.intake_url,
            "EVENHAND_DECISION_URL": stack.addresses.services["decision"],
            "EVENHAND_ADMIN_DATABASE_URL": stack.state.admin_database_url.get_secret_value(),
            "EVENHAND_API_KEY": stack.state.api_key.get_secret_value(),
        },
        cwd=stack.folder,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_the_readme_shows_commands() -> None:
    assert len(_commands()) >= 5
