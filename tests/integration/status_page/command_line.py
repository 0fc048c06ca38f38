"""The command line, as the bank's people use it."""

import asyncio
from collections.abc import Sequence

from typer.testing import CliRunner

from evenhand.__main__ import build


async def command(words: Sequence[str], **environment: str) -> tuple[int, str]:
    """Run a command; returns its exit code, and what it printed or failed with."""

    def run() -> tuple[int, str]:
        done = CliRunner(env=environment).invoke(build([words[0]]), words)
        return done.exit_code, done.stdout if done.exit_code == 0 else str(done.exception)

    return await asyncio.to_thread(run)
