"""The command line asks when it is told to, and scores what the answers are worth."""

import asyncio
import json
from pathlib import Path

from typer.testing import CliRunner

from evenhand.__main__ import build
from tests.integration.asking.parts import TEXT
from tests.integration.llm_server import (
    ChatServer,
)


async def classify(chat: ChatServer | None, *words: str, lines: str = "") -> tuple[int, str]:
    env = {"EVENHAND_CLASSIFIER_LLM_BELOW": "1"}
    if chat is not None:
        env |= {
            "EVENHAND_CLASSIFIER_LLM_URL": chat.url,
            "EVENHAND_CLASSIFIER_LLM_MODEL": "m",
        }

    def run() -> tuple[int, str]:
        done = CliRunner(env=env).invoke(build(["classify"]), ["classify", *words], input=lines)
        return done.exit_code, done.stdout if done.exit_code == 0 else str(done.exception)

    return await asyncio.to_thread(run)


async def test_the_command_line_asks_only_when_it_is_told_to(chat: ChatServer) -> None:
    lines = f"{json.dumps({'text': TEXT})}\n" * 40
    code, plain = await classify(chat, lines=lines)
    assert code == 0
    assert chat.asked == []
    code, told = await classify(chat, "--ask", lines=lines)
    assert code == 0
    assert "+llm" not in plain
    assert len([line for line in told.splitlines() if "+llm.manner:m" in line]) == 40
    assert len(chat.messages("manner")) == 40


async def test_with_nobody_to_ask_the_variable_is_named() -> None:
    code, told = await classify(None, "--ask", lines=json.dumps({"text": TEXT}))
    assert code == 1
    assert "EVENHAND_CLASSIFIER_LLM_URL" in told


async def test_what_the_answers_are_worth_is_scored_on_labelled_cases(
    chat: ChatServer, tmp_path: Path
) -> None:
    case = {
        "id": "1",
        "lang": "en",
        "category": "information",
        "text": TEXT,
        "gold": {"tone": "rude", "pressure": "leverage", "fault": "company", "flags": []},
    }
    path = tmp_path / "labelled.jsonl"
    path.write_text(json.dumps(case) + "\n", "utf-8")
    code, told = await classify(chat, "--ask", "--evaluate", str(path))
    assert code == 0
    for target in ("tone", "pressure", "fault"):
        assert f"| {target} | 1.000 |" in told
