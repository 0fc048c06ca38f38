"""Whatever an endpoint answers, the local tags stand."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest

from services.classifier.asking.adviser import Doubtful
from services.classifier.tagging import Message
from shared.events.tags import Tone
from tests.integration.asking.parts import FAR_OFF, GOOD, TEXT, UNSURE, Make
from tests.integration.llm_server import (
    Answer,
    ChatServer,
    completion,
    dropping,
    endless,
    hanging,
    raw,
    saying,
    trickling,
)

BADLY: list[tuple[Answer, str]] = [
    (raw("500 Internal Server Error", b"{}"), "status"),
    (raw("401 Unauthorized", b"{}"), "status"),
    (raw("404 Not Found", b"<html>"), "status"),
    (raw("302 Found", b"", "location: http://127.0.0.1:1/elsewhere"), "status"),
    (raw("429 Too Many Requests", b"{}", "retry-after: 30"), "busy"),
    (raw("503 Service Unavailable", b"{}"), "busy"),
    (raw("200 OK", b"nonsense"), "unreadable"),
    (raw("200 OK", b'{"choices": []}'), "unreadable"),
    (raw("200 OK", b'{"choices": [{"message": {"content": null}}]}'), "unreadable"),
    (raw("200 OK", b"[" * 60_000), "unreadable"),
    (raw("200 OK", b"\xff\xfe"), "unreadable"),
    (raw("200 OK", completion("{", finish_reason="length")), "unreadable"),
    (raw("200 OK", b'"' + b"x" * 10_000_000 + b'"'), "too_long"),
    (raw("200 OK", b"\x1f\x8b nonsense", "content-encoding: gzip"), "unreadable"),
    (
        raw("200 OK", gzip.compress(b" " * 50_000_000, mtime=0), "content-encoding: gzip"),
        "unreadable",
    ),
    (raw("302 Found", b"", "location: file:///etc/passwd"), "status"),
    (raw("429 Too Many Requests", b"", f"retry-after: {FAR_OFF}"), "busy"),
    (raw("200 OK", b'data: {"choices": []}\n\ndata: [DONE]\n\n'), "unreadable"),
    (raw("200 OK", b'{"error": {"message": "out of memory", "code": 500}}'), "unreadable"),
    (raw("200 OK", completion("{}") + b" and more"), "unreadable"),
    (raw("200 OK", completion("{}").replace(b'"{}"', b'"\\ud800"')), "wrong_shape"),
    (raw("200 OK", completion("{}").replace(b"200", b"9" * 5000)), "unreadable"),
    (raw("2OO OK", b"{}"), "unreachable"),
    (trickling, "timeout"),
    (endless, "too_long"),
    (dropping, "unreachable"),
    (hanging, "timeout"),
]


@pytest.mark.parametrize(
    ("answer", "why"), BADLY, ids=lambda value: getattr(value, "__name__", value)
)
async def test_whatever_the_endpoint_does_the_local_tags_stand_with_a_mark(
    chat: ChatServer, asking: Make, answer: Answer, why: str
) -> None:
    chat.answer = answer
    slow = answer in {hanging, trickling}
    tags = await asking(timeout=timedelta(seconds=0.3 if slow else 20)).ask()
    assert tags.model == f"local+llm.manner:{why}+llm.fault:{why}"
    assert tags.model_copy(update={"model": "local"}) == UNSURE


@pytest.mark.parametrize(
    "usage", [None, {}, {"total_tokens": None}, {"total_tokens": -5}, {"total_tokens": 1e300}, 7]
)
async def test_a_count_of_tokens_that_cannot_be_one_spoils_no_answer(
    chat: ChatServer, asking: Make, usage: object
) -> None:
    async def counting(asked: dict[str, Any], writer: Any) -> None:  # noqa: ANN401 - a stream
        said = GOOD[asked["response_format"]["json_schema"]["name"]]
        body = json.loads(completion(json.dumps(said), finish_reason=None)) | {"usage": usage}
        await raw("200 OK", json.dumps(body).encode())(asked, writer)

    chat.answer = counting
    assert (await asking().ask()).tone.value is Tone.RUDE


async def test_an_answer_in_http_1_0_is_taken(chat: ChatServer, asking: Make) -> None:
    async def old(asked: dict[str, Any], writer: Any) -> None:  # noqa: ANN401 - a stream
        said = GOOD[asked["response_format"]["json_schema"]["name"]]
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n" + completion(json.dumps(said)))
        await writer.drain()
        writer.close()

    chat.answer = old
    assert (await asking().ask()).tone.value is Tone.RUDE


async def test_no_cookie_is_kept_and_no_proxy_of_the_environment_used(
    chat: ChatServer, asking: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async def marking(asked: dict[str, Any], writer: Any) -> None:  # noqa: ANN401 - a stream
        said = GOOD[asked["response_format"]["json_schema"]["name"]]
        body = completion(json.dumps(said))
        await raw("200 OK", body, "set-cookie: seen=yes; Path=/")(asked, writer)

    chat.answer = marking
    asker = asking(at_once=1)
    for _ in range(2):
        assert (await asker.ask()).tone.value is Tone.RUDE
    assert not [head for head in chat.heads if "cookie" in head.lower()]


async def test_an_endpoint_that_nobody_listens_at_is_unreachable(
    chat: ChatServer, asking: Make
) -> None:
    tags = await asking(url="http://127.0.0.1:1/v1").ask()
    assert tags.model == "local+llm.manner:unreachable+llm.fault:unreachable"
    assert chat.asked == []


async def test_a_batch_ends_with_its_time_and_keeps_what_was_answered(
    chat: ChatServer, asking: Make
) -> None:
    async def some(asked: dict[str, Any], writer: Any) -> None:  # noqa: ANN401 - a stream
        if "hang" in asked["messages"][1]["content"]:
            await hanging(asked, writer)
        await saying(**GOOD)(asked, writer)

    chat.answer = some
    asker = asking(timeout=timedelta(hours=1), batch_within=timedelta(seconds=1.5))
    batch = [Doubtful(Message(TEXT), UNSURE), Doubtful(Message(f"{TEXT} hang"), UNSURE)]
    first, second = await asker.adviser.advise(batch)
    assert first.tone.value is Tone.RUDE
    assert second.model == "local+llm.manner:timeout+llm.fault:timeout"


async def test_no_more_than_so_many_questions_are_open_at_a_time(
    chat: ChatServer, asking: Make
) -> None:
    asker = asking(at_once=3)
    tags = await asker.adviser.advise([Doubtful(Message(TEXT), UNSURE)] * 20)
    assert {each.tone.value for each in tags} == {Tone.RUDE}
    assert len(chat.asked) == 40
    assert chat.most_at_once <= 3


async def test_the_same_message_is_asked_in_the_same_bytes(chat: ChatServer, asking: Make) -> None:
    await asking().ask()
    await asking().ask()
    assert len(set(chat.messages("manner"))) == len(set(chat.messages("fault"))) == 1
    assert {(asked["temperature"], asked["seed"]) for asked in chat.asked} == {(0, 7)}
