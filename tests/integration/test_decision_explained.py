"""What the log holds of a case is told to people, decided again byte for byte, and backtested."""

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
import uvicorn
from typer.testing import CliRunner, Result

from evenhand.__main__ import build
from services.decision import explaining, log
from services.decision.causes import routes as causes
from services.decision.causes.store import note
from services.decision.causes.suggest import Suggested
from services.decision.deliberation import body_of
from services.decision.log import Entry
from services.decision.merits.decide import decide
from services.decision.merits.known import History, Known
from services.decision.policy.loading import SHIPPED, load
from services.decision.policy.model import Policy
from shared.events.case import Category, Facts
from shared.events.catalogue import CaseClassified
from shared.events.tags import Evidence, Fault, FaultTag, Flag, Tone
from shared.keys import ApiKeys, Role
from shared.postgres import Pool, connect
from tests.integration.decision_parts import (
    NOW,
    POLICY,
    Migrated,
    answer,
    classified,
    key_of,
    served,
    thought_of,
)
from tests.integration.decision_service import Service

TEXT = "You idiots, I paid two hours late."

Run = Callable[..., Awaitable[Result]]


@pytest.fixture
async def pool(database: Migrated) -> AsyncIterator[Pool]:
    opened = await connect(database.url("decision"), schema="decision", connections=4)
    yield opened
    await opened.close()


@pytest.fixture
async def desk(database: Migrated, pool: Pool) -> AsyncIterator[str]:
    """Serve explanations and causes; returns the address."""
    proofs = [ApiKeys(pool)]
    routers = [explaining.routes(pool, proofs), causes.routes(pool, proofs, lambda: POLICY)]
    _, observed = served(database, routers)
    config = uvicorn.Config(observed, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await serving


@pytest.fixture
def run(database: Migrated, desk: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command of `evenhand` on this database and desk, with a key that holds one role."""
    monkeypatch.setenv("EVENHAND_HOME", str(tmp_path / "nothing"))
    monkeypatch.setenv("EVENHAND_ADMIN_DATABASE_URL", database.admin)
    monkeypatch.setenv("EVENHAND_DECISION_URL", desk)
    made: dict[str, str] = {}

    async def call(*words: str, role: Role = "auditor") -> Result:
        if role not in made:
            made[role] = await key_of(database.admin, f"the {role}", role)
        monkeypatch.setenv("EVENHAND_API_KEY", made[role])
        app = build(["case", "desk", "log", "policy"])
        return await asyncio.to_thread(CliRunner().invoke, app, list(words))

    return call


def _slip(
    *,
    customer: str = "C-1",
    tone: Tone = Tone.COURTEOUS,
    evidence: tuple[Evidence, ...] = (),
    received_at: datetime = NOW,
) -> CaseClassified:
    due_at = received_at - timedelta(days=2)
    case = classified(
        customer=customer,
        tone=tone,
        evidence=evidence,
        text=TEXT,
        facts=Facts(due_at=due_at, paid_at=due_at + timedelta(hours=2)),
        received_at=received_at,
    )
    return case.model_copy(update={"jurisdiction": "PL"})


async def _policy(pool: Pool, policy: Policy = POLICY) -> None:
    await pool.execute(
        "INSERT INTO policies (hash, version, valid_from, body, active)"
        " VALUES ($1, $2, $3, $4, true)",
        policy.hash,
        policy.version,
        policy.valid_from,
        policy.body,
    )


async def _answer(
    pool: Pool, case: CaseClassified, known: Known | None = None, body: str | None = None
) -> int:
    """Store a case as the policy answers it, or with another body; returns its position."""
    thought = thought_of(case, known=known)
    if body is not None:
        thought = replace(thought, body=body)
    return await answer(pool, case, thought, forgiven=Decimal("12.50"))


async def _act(pool: Pool, case_id: UUID, kind: str, body: dict[str, Any]) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await log.append(connection, [Entry(case_id, kind, "anna", NOW, log.canonical(body))])


async def test_a_case_is_explained_with_rule_row_reason_policy_and_what_was_known(
    pool: Pool, run: Run
) -> None:
    await _policy(pool)
    case = _slip()
    await _answer(pool, case, Known(history=History(times=1, euros=Decimal(20))))
    await _act(pool, case.case_id, "taken", {"version": 3})
    told = (await run("case", "explain", str(case.case_id))).stdout
    for part in (
        "deliberated by policy",
        "goodwill, basis goodwill",
        "goodwill.own_slip",
        "default/own_slip.missed_due_date",
        "own_slip_forgiven",
        "fee_waiver 12.50 EUR",
        "declined, basis contract: own_slip",
        f"{POLICY.version}  {POLICY.hash}",
        "times=1, euros=20",
        "fault=customer (0.90)",
        "taken by anna",
    ):
        assert part in told


async def test_both_numbers_of_trust_are_told(pool: Pool, run: Run) -> None:
    fault = FaultTag(value=Fault.COMPANY, confidence=0.9)
    case = _slip()
    tags = case.tags.model_copy(update={"fault": fault})
    update = {"tags": tags, "facts": Facts(), "category": Category.FEE_DISPUTE}
    case = case.model_copy(update=update)
    await _answer(pool, case)
    told = (await run("case", "explain", str(case.case_id))).stdout
    assert "expected loss 0.5" in told
    assert "cost of checking 4.5 EUR" in told
    assert "granted on trust" in told


async def test_deciding_again_gives_the_same_bytes(pool: Pool, run: Run) -> None:
    await _policy(pool)
    case = _slip()
    await _answer(pool, case, Known(history=History(times=1)))
    done = await run("case", "explain", str(case.case_id), "--replay")
    assert done.exit_code == 0, done.stderr
    assert "the same, byte for byte" in done.stdout


async def test_another_answer_than_the_stored_one_is_found_and_exits_1(
    pool: Pool, run: Run
) -> None:
    await _policy(pool)
    case = _slip()
    worse = body_of(decide(_slip(tone=Tone.ABUSIVE), Known(), POLICY), Known(), POLICY.hash)
    position = await _answer(pool, case, body=worse)
    done = await run("case", "explain", str(case.case_id), "--replay", "--json")
    assert done.exit_code == 1
    assert orjson.loads(done.stdout)["entries"][0]["replayed"] == "different"
    assert f"#{position}" in done.stderr


async def test_what_cannot_be_decided_again_exits_1_and_says_why(pool: Pool, run: Run) -> None:
    case = _slip()
    await _answer(pool, case)
    done = await run("case", "explain", str(case.case_id), "--replay")
    assert (done.exit_code, "policy is not known" in done.stderr) == (1, True)
    await _policy(pool)
    await pool.execute("UPDATE decision_log SET inputs = NULL")
    done = await run("case", "explain", str(case.case_id), "--replay")
    assert (done.exit_code, "inputs were erased" in done.stderr) == (1, True)
    assert "inputs           erased" in done.stdout


async def test_a_policy_that_is_no_longer_active_still_decides_its_own_cases(
    pool: Pool, run: Run, tmp_path: Path
) -> None:
    await _policy(pool)
    case = _slip()
    await _answer(pool, case)
    await pool.execute("UPDATE policies SET active = false")
    await _policy(pool, _stricter(tmp_path))
    assert (await run("case", "explain", str(case.case_id), "--replay")).exit_code == 0


async def test_evidence_is_quoted_and_abuse_is_not(pool: Pool, run: Run) -> None:
    abuse = Evidence(target="tone", value="abusive", source="list:insult", start=4, end=10)
    late = Evidence(target="fault", value="customer", source="rule:late", start=0, end=34)
    case = _slip(tone=Tone.ABUSIVE, evidence=(abuse, late))
    await _answer(pool, case)
    told = (await run("case", "explain", str(case.case_id), "--json")).stdout
    assert "idiots" not in told
    words = [one["words"] for one in orjson.loads(told)["entries"][0]["evidence"]]
    assert words == ["•" * 6, f"You {'•' * 6}, I paid two hours late."]


async def test_where_nothing_says_which_words_abuse_none_are_shown(pool: Pool, run: Run) -> None:
    late = Evidence(target="fault", value="customer", source="rule:late", start=11, end=33)
    case = _slip(tone=Tone.ABUSIVE, evidence=(late,))
    await _answer(pool, case)
    assert "hours" not in (await run("case", "explain", str(case.case_id))).stdout


@pytest.mark.parametrize("role", ["bank", "submit"])
async def test_only_the_desk_may_read_explanations(pool: Pool, run: Run, role: Role) -> None:
    case = _slip()
    await _answer(pool, case)
    done = await run("case", "explain", str(case.case_id), role=role)
    assert done.exit_code == 1
    assert str(done.exception).startswith(("401", "403"))


@pytest.mark.parametrize("case_id", ["nothing", "6bc7a637-7ebf-4785-a2e8-5c06f3ccb970"])
async def test_an_unknown_case_is_not_found(run: Run, case_id: str) -> None:
    assert "404" in str((await run("case", "explain", case_id)).exception)


async def test_a_sound_log_prints_its_head_and_the_head_is_found_again(
    pool: Pool, run: Run
) -> None:
    await _answer(pool, _slip())
    first = orjson.loads((await run("log", "verify", "--json")).stdout)
    assert (first["ok"], first["entries"]) == (True, 1)
    await _answer(pool, _slip(customer="C-2"))
    done = await run("log", "verify", "--expect", first["head"])
    assert done.exit_code == 0
    assert "2 entries, sound" in done.stdout


async def test_a_changed_entry_is_named_and_exits_1(
    database: Migrated, pool: Pool, run: Run
) -> None:
    for customer in ("C-1", "C-2"):
        await _answer(pool, _slip(customer=customer))
    owner = await asyncpg.connect(database.admin)
    await owner.execute("ALTER TABLE decision.decision_log DISABLE TRIGGER ALL")
    await owner.execute("UPDATE decision.decision_log SET actor = 'anna' WHERE position = 2")
    await owner.close()
    done = await run("log", "verify")
    assert (done.exit_code, "entry 2: changed" in done.stderr) == (1, True)
    told = orjson.loads((await run("log", "verify", "--json")).stdout)
    assert (told["ok"], told["position"]) == (False, 2)


@pytest.mark.parametrize("head", ["", "xyz", "00ff"])
async def test_an_expected_head_that_is_no_hash_is_wrong_use(run: Run, head: str) -> None:
    assert (await run("log", "verify", "--expect", head)).exit_code == 2


async def test_a_head_that_is_no_longer_in_the_log_exits_1(pool: Pool, run: Run) -> None:
    await _answer(pool, _slip())
    assert (await run("log", "verify", "--expect", "11" * 32)).exit_code == 1


def _stricter(folder: Path) -> Policy:
    """Write the shipped policy with one forgiven slip a year, and read it."""
    shutil.copytree(SHIPPED / "matrices", folder / "candidate" / "matrices")
    text = (SHIPPED / "policy.yaml").read_text(encoding="utf-8")
    changed = text.replace("  times: 2 ", "  times: 1 ")
    assert changed != text
    (folder / "candidate" / "policy.yaml").write_text(changed, encoding="utf-8")
    return load(folder / "candidate")


async def test_stored_cases_are_backtested_with_the_goodwill_of_the_simulation(
    pool: Pool, run: Run, tmp_path: Path
) -> None:
    _stricter(tmp_path)
    for week in range(3):
        await _answer(pool, _slip(received_at=NOW + timedelta(weeks=week)))
    done = await run(
        "policy", "simulate", "--candidate", str(tmp_path / "candidate"), "--stored", "--json"
    )
    told = orjson.loads(done.stdout)
    assert (told["cases"], told["changed"], told["worse"]) == (3, 1, 1)
    assert told["by_change"] == [{"from": "goodwill", "to": "declined", "cases": 1}]
    assert told["movers"][0]["customer_id"] == "C-1"


async def test_goodwill_of_cases_beyond_the_limit_counts_as_past(
    pool: Pool, run: Run, tmp_path: Path
) -> None:
    _stricter(tmp_path)
    for week in range(2):
        await _answer(pool, _slip(received_at=NOW + timedelta(weeks=week)))
    words = ("--candidate", str(tmp_path / "candidate"), "--stored", "--limit", "1", "--json")
    told = orjson.loads((await run("policy", "simulate", *words)).stdout)
    assert (told["cases"], told["changed"]) == (1, 1)


async def test_the_shadow_report_lists_what_the_candidate_would_change(
    pool: Pool, run: Run, tmp_path: Path
) -> None:
    candidate = _stricter(tmp_path)
    known = Known(history=History(times=1))
    case = _slip()
    position = await _answer(pool, case, known)
    other = body_of(decide(case, known, candidate), known, candidate.hash)
    await pool.execute(
        "INSERT INTO shadow (position, case_id, candidate, differs, outcome, at)"
        " VALUES ($1, $2, $3, true, $4, $5)",
        position,
        case.case_id,
        candidate.hash,
        other,
        NOW,
    )
    summary, listed = map(
        orjson.loads, (await run("policy", "shadow", "--json")).stdout.splitlines()
    )
    assert summary == {"candidate": candidate.hash, "cases": 1, "differs": 1}
    assert (listed["case_id"], listed["from"], listed["to"]) == (
        str(case.case_id),
        "goodwill",
        "declined",
    )
    assert "would change" in (await run("policy", "shadow")).stdout
    nothing = await run("policy", "shadow", "--candidate", "sha256:none", "--json")
    assert len(nothing.stdout.splitlines()) == 1


async def test_what_the_service_decided_is_decided_again_alike(pool: Pool, run: Run) -> None:
    await _policy(pool)
    service = Service(pool)
    slips = [classified(received_at=NOW + timedelta(days=day)) for day in range(3)]
    accused = classified(customer="C-2", category=Category.FEE_DISPUTE, fault=Fault.COMPANY)
    unsure = classified(customer="C-3", fault=Fault.UNCLEAR, facts=Facts())
    frail = classified(customer="C-4", flags=(Flag.VULNERABLE,), tone=Tone.ABUSIVE)
    cases = [*slips, accused, unsure, frail]
    await service.take(*cases)
    await service.take(classified(slips[0].case_id, sequence=1, tone=Tone.RUDE))
    outcomes: set[str] = set()
    for case in cases:
        done = await run("case", "explain", str(case.case_id), "--replay", "--json")
        assert done.exit_code == 0, done.stderr
        entries = orjson.loads(done.stdout)["entries"]
        outcomes |= {entry["body"].get("outcome") for entry in entries}
        assert (await run("case", "explain", str(case.case_id))).exit_code == 0
    assert {"decided", "referred", "asked"} <= outcomes


async def test_the_service_notes_the_cause_of_a_company_fault(pool: Pool, run: Run) -> None:
    faults = [
        classified(customer=f"C-{n}", category=Category.FEE_DISPUTE, fault=Fault.COMPANY)
        for n in range(2)
    ]
    await Service(pool).take(*faults, classified(customer="C-slip"))
    (cause,) = map(orjson.loads, (await run("desk", "causes", "--json")).stdout.splitlines())
    assert (cause["key"], cause["cases"], cause["repeated"]) == ("wrong_fee:fee_dispute", 2, True)
    assert cause["cost_eur"] == "25.00"


async def test_what_the_service_decided_is_backtested(pool: Pool, run: Run, tmp_path: Path) -> None:
    _stricter(tmp_path)
    slips = [classified(received_at=NOW + timedelta(days=day)) for day in range(3)]
    await Service(pool).take(*slips)
    words = ("--candidate", str(tmp_path / "candidate"), "--stored", "--json")
    told = orjson.loads((await run("policy", "simulate", *words)).stdout)
    assert (told["cases"], told["changed"], told["worse"]) == (3, 1, 1)


async def test_causes_are_listed_confirmed_swept_and_removed_from_the_command_line(
    pool: Pool, run: Run, tmp_path: Path
) -> None:
    case = _slip(customer="C-known")
    await _answer(pool, case)
    key = "malfunction:INC/1"
    async with pool.acquire() as connection, connection.transaction():
        await note(
            connection,
            [Suggested(case.case_id, key, "C-known", NOW, Decimal(5), "entitlement.malfunction")],
        )
    named = tmp_path / "customers.txt"
    named.write_text("C-silent\n\nC-other\n", encoding="utf-8")
    steps = (
        ("confirm-cause", key, "--owner", "cards.it"),
        ("affected", key, "--from", str(named)),
        ("redressed", key, "C-other"),
    )
    for words in steps:
        done = await run("desk", *words, role="clerk")
        assert done.exit_code == 0, done.exception
    swept = orjson.loads((await run("desk", "sweep", key, "--json")).stdout)
    assert [one["customer_id"] for one in swept["silent"]] == ["C-silent"]
    assert "Affected, never complained" in (await run("desk", "sweep", key)).stdout
    removed = await run("desk", "remove-cause", key, "--note", "Replaced", role="clerk")
    assert "removed  owner cards.it" in removed.stdout
    assert key in (await run("desk", "causes", "--state", "removed")).stdout
    assert (await run("desk", "causes", "--state", "confirmed")).stdout == "No causes.\n"
    assert (await run("desk", "affected", key, role="clerk")).exit_code == 2
