"""Kill every part once in the middle of 2,000 cases: nothing is lost, nothing is doubled.

Invariants 10 and 11: every accepted case gets exactly one outcome, one receipt and one message
with the outcome, whatever is killed. What a mail server would see as a repeat (the same Message-ID
after a kill between its 250 and our commit) is suppressed there and counted here.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import asyncpg
import httpx
import pytest

from deploy.local.settings import Options
from deploy.local.stack import Stack

CASES = 2_000
SERVICES = ("intake", "classifier", "decision", "notifier")
SAMPLES = Path(__file__).parents[2] / "deploy" / "samples" / "cases.jsonl"
WITHIN = 420.0  # seconds; a lost log is noticed only after a while

pytestmark = pytest.mark.timeout(900)


def _lines(count: int) -> list[bytes]:
    """Return sample cases, each of another customer with an address of their own."""
    samples = [json.loads(line) for line in SAMPLES.read_text(encoding="utf-8").splitlines()]
    lines = []
    for number in range(count):
        sample = samples[number % len(samples)]
        identity = f"K-{number}"
        customer = {
            **sample["customer"],
            "id": identity,
            "contacts": {"email": f"{identity.lower()}@example.com"},
        }
        lines.append(json.dumps({**sample, "customer": customer}).encode() + b"\n")
    return lines


@pytest.fixture
async def stack(tmp_path: Path, broker_kind: str) -> AsyncIterator[Stack]:
    running = await Stack.start(
        Options(
            folder=tmp_path,
            broker="apache" if broker_kind == "apache" else "embedded",
            traces=False,
            log_level="WARNING",
            extra={"EVENHAND_RECONCILE_AFTER": "PT8S", "EVENHAND_RECONCILE_EVERY": "PT2S"},
        )
    )
    yield running
    await running.stop()


class Campaign:
    """Submits the cases, again and again with the same keys until each is accepted."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.accepted: dict[int, str] = {}

    async def submit(self, lines: Sequence[bytes]) -> None:
        chunk = 100
        for start in range(0, len(lines), chunk):
            await self._submit_chunk(start, lines[start : start + chunk])

    async def _submit_chunk(self, start: int, lines: Sequence[bytes]) -> None:
        async with asyncio.timeout(120):
            while True:
                try:
                    await self._post(start, lines)
                except httpx.HTTPError:
                    await asyncio.sleep(0.2)  # a client's pause before it tries again
                    continue
                if all(start + n in self.accepted for n in range(len(lines))):
                    return

    async def _post(self, start: int, lines: Sequence[bytes]) -> None:
        state = self.stack.state
        async with httpx.AsyncClient(base_url=state.addresses.intake_url, timeout=30) as client:
            response = await client.post(
                "/v1/cases:batch",
                content=b"".join(lines),
                headers={
                    "Authorization": f"Bearer {state.api_key.get_secret_value()}",
                    "Content-Type": "application/x-ndjson",
                    "Idempotency-Key": f"chaos-{start}",
                },
            )
            for line in response.text.splitlines():
                result = json.loads(line)
                if result.get("status") == httpx.codes.ACCEPTED:
                    number = start + int(result["line"]) - 1
                    case = result["case_id"]
                    assert self.accepted.setdefault(number, case) == case, "one key, two cases"


async def _fetch(stack: Stack, query: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(stack.state.admin_database_url.get_secret_value())
    try:
        return await connection.fetch(query)
    finally:
        await connection.close()


async def _until(condition: Callable[[], Awaitable[bool]], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while True:
            try:
                if await condition():
                    return
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, httpx.HTTPError):
                pass  # the database was the one that was killed
            await asyncio.sleep(0.2)  # another process's state has no event to wait for


async def _kill_in_turn(stack: Stack, campaign: Campaign, victims: Sequence[str]) -> None:
    """Kill one part after the other, each when another share of the cases has been accepted."""
    step = CASES // (len(victims) + 1)
    for number, victim in enumerate(victims, 1):

        async def is_far_enough(goal: int = number * step) -> bool:
            return len(campaign.accepted) >= goal

        await _until(is_far_enough, 300)
        await stack.kill(victim)


async def _run(stack: Stack, victims: Sequence[str]) -> Campaign:
    campaign = Campaign(stack)
    async with asyncio.TaskGroup() as group:
        group.create_task(campaign.submit(_lines(CASES)))
        group.create_task(_kill_in_turn(stack, campaign, victims))

    async def is_settled() -> bool:
        (row,) = await _fetch(
            stack,
            "SELECT (SELECT count(*) FROM intake.journeys WHERE told_at IS NOT NULL) AS told,"
            " (SELECT count(*) FROM notifier.queue) AS queued",
        )
        return bool(row["told"] == CASES and row["queued"] == 0)

    await _until(is_settled, WITHIN)
    assert set(victims) <= set(stack.restarts), "a part that was to be killed was not"
    return campaign


async def _mails(stack: Stack) -> tuple[Counter[tuple[str, str]], int]:
    """Return what lies in the customers' mailboxes by case and notice, and suppressed repeats."""
    found: Counter[tuple[str, str]] = Counter()
    async with httpx.AsyncClient(base_url=stack.addresses.inbox_url, timeout=30) as client:
        after: int | None = 0
        while after is not None:
            page = (
                await client.get("/api/messages", params={"limit": 1000, "after": after})
            ).json()
            for mail in page["messages"]:
                headers = {name.lower(): value for name, value in mail["headers"].items()}
                found[headers["x-evenhand-case"], headers["x-evenhand-notice"]] += 1
            after = page["next_after"]
        counts = (await client.get("/api/counts")).json()
    return found, int(counts["duplicates"])


async def _assert_nothing_lost_or_doubled(stack: Stack, campaign: Campaign) -> None:
    accepted = set(campaign.accepted.values())
    assert len(accepted) == CASES
    stored = await _fetch(stack, "SELECT case_id FROM intake.cases")
    assert {str(row["case_id"]) for row in stored} == accepted
    outcomes = await _fetch(stack, "SELECT case_id FROM decision.cases")
    assert Counter(str(row["case_id"]) for row in outcomes) == Counter(accepted)
    said = await _fetch(
        stack,
        "SELECT subject, count(DISTINCT event_id) AS events FROM decision.outbox"
        " WHERE topic LIKE '%.decided.v1' GROUP BY subject",
    )
    assert all(row["events"] == 1 for row in said)
    letters = await _fetch(
        stack,
        " UNION ALL ".join(
            f"SELECT error FROM {name}.dead_letters"  # noqa: S608 - our own schemas
            for name in SERVICES
        ),
    )
    assert [row["error"] for row in letters] == []
    mails, repeats = await _mails(stack)
    by_case: dict[str, Counter[str]] = {case: Counter() for case in accepted}
    for (case, notice), count in mails.items():
        by_case[case][notice.split("/")[0]] += count
    for case, notices in by_case.items():
        outcome = notices["final_answer"] + notices["in_review"] + notices["question"]
        assert notices["receipt"] == 1, f"{case}: {notices}"
        assert outcome == 1, f"{case}: {notices}"
    print(  # noqa: T201 - the count is what the run is for
        f"{len(accepted)} accepted, {len(outcomes)} outcomes, {sum(mails.values())} mails,"
        f" {repeats} repeats suppressed by the mailbox; restarts: {dict(stack.restarts)}"
    )


async def test_every_accepted_case_survives_the_kill_of_every_service(stack: Stack) -> None:
    campaign = await _run(stack, SERVICES)
    await _assert_nothing_lost_or_doubled(stack, campaign)


async def test_every_accepted_case_survives_the_kill_of_broker_and_database(stack: Stack) -> None:
    campaign = await _run(stack, ("broker", "database", "broker"))
    await _assert_nothing_lost_or_doubled(stack, campaign)
