"""Root causes on a real database and over HTTP: suggested, confirmed, swept, removed, logged."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from services.decision import log
from services.decision.causes import routes
from services.decision.causes.listing import Cause, find, listed
from services.decision.causes.store import assign, note
from services.decision.causes.suggest import Suggested
from services.decision.log import Entry, Sound
from shared.events.case import Category, Facts, Product
from shared.events.catalogue import CaseClassified
from shared.events.tags import Fault, Tone
from shared.keys import ApiKeys, Role
from shared.postgres import Pool
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

OUTAGE = (datetime(2026, 11, 1, 20, tzinfo=UTC), datetime(2026, 11, 2, 2, tzinfo=UTC))
Client = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def call(database: Migrated, pool: Pool) -> AsyncIterator[Client]:
    """Call the routes with a key that holds one role; its owner bears the role's name."""
    _, observed = served(database, [routes.routes(pool, [ApiKeys(pool)], lambda: POLICY)])
    made: dict[str, str] = {}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=observed), base_url="http://desk"
    ) as client:

        async def send(
            method: str, path: str, body: object = None, role: Role = "clerk"
        ) -> httpx.Response:
            if role not in made:
                made[role] = await key_of(database.admin, f"the {role}", role)
            headers = {"Authorization": f"Bearer {made[role]}"}
            return await client.request(
                method, f"/v1/desk/causes{path}", json=body, headers=headers
            )

        yield send


def _suggested(
    key: str | None = "wrong_fee:fee_dispute",
    *,
    case_id: UUID | None = None,
    customer: str = "C-1",
    received_at: datetime = NOW,
    euros: str = "10",
) -> Suggested:
    return Suggested(
        case_id or uuid4(), key, customer, received_at, Decimal(euros), "entitlement.wrong_fee"
    )


def _case(facts: Facts | None = None, **said: Any) -> CaseClassified:  # noqa: ANN401 - any field
    case = classified(facts=facts or _late(), tone=Tone.RUDE, **said)
    return case.model_copy(update={"product": Product.CARD, "jurisdiction": "PL"})


def _late(due_at: datetime = OUTAGE[0] + timedelta(hours=3), incident: str | None = None) -> Facts:
    window = OUTAGE if incident else (None, None)
    return Facts(
        due_at=due_at,
        paid_at=due_at + timedelta(hours=20),
        incident=incident,
        incident_from=window[0],
        incident_to=window[1],
    )


async def _answer(pool: Pool, case: CaseClassified) -> None:
    await answer(pool, case, thought_of(case))


async def _note(pool: Pool, *suggestions: Suggested) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await note(connection, suggestions)


async def _listed(pool: Pool) -> list[Cause]:
    async with pool.acquire() as connection:
        return await listed(connection, NOW)


async def _found(pool: Pool, key: str) -> Cause:
    async with pool.acquire() as connection:
        cause = await find(connection, key, NOW)
    assert cause is not None
    return cause


async def test_a_case_counts_once_however_often_it_is_looked_at(pool: Pool) -> None:
    case_id = uuid4()
    await _note(pool, _suggested(case_id=case_id), _suggested(case_id=case_id, euros="12"))
    await _note(pool, _suggested(case_id=case_id, euros="15"))
    (cause,) = await _listed(pool)
    assert (cause.cases, cause.euros, cause.state) == (1, Decimal(15), "suggested")
    assert cause.title == "Wrong fee: fee dispute"


async def test_a_suggestion_is_withdrawn_when_the_case_turns_out_otherwise(pool: Pool) -> None:
    case_id = uuid4()
    await _note(pool, _suggested(case_id=case_id), _suggested())
    await _note(pool, _suggested(None, case_id=case_id))
    assert (await _found(pool, "wrong_fee:fee_dispute")).cases == 1


async def test_what_a_person_named_is_not_suggested_over(pool: Pool) -> None:
    case = _case()
    await _answer(pool, case)
    async with pool.acquire() as connection, connection.transaction():
        await assign(connection, case.case_id, "fee_table", "anna", NOW, euros=Decimal(7))
    await _note(pool, _suggested(case_id=case.case_id))
    await _note(pool, _suggested(None, case_id=case.case_id))
    cause = await _found(pool, "fee_table")
    assert (cause.cases, cause.euros, cause.title) == (1, Decimal(7), "Fee table")
    assert (await _found(pool, "wrong_fee:fee_dispute")).cases == 0


async def test_repeated_causes_lead_with_count_cost_and_trend(pool: Pool) -> None:
    month = timedelta(days=35)
    await _note(pool, _suggested("once:other", euros="900"))
    await _note(
        pool,
        _suggested("often:other", customer="C-1"),
        _suggested("often:other", customer="C-1"),
        _suggested("often:other", customer="C-2", received_at=NOW - month),
    )
    await _note(pool, *(_suggested("fading:other", received_at=NOW - month) for _ in range(4)))
    often, fading, once = await _listed(pool)
    assert (often.key, fading.key, once.key) == ("often:other", "fading:other", "once:other")
    assert (often.cases, often.customers, often.euros) == (3, 2, Decimal(30))
    assert (often.trend, fading.trend) == ("rising", "falling")
    assert (often.repeated, once.repeated) == (True, False)


async def test_a_cause_that_comes_back_after_its_removal_leads(pool: Pool, call: Client) -> None:
    await _note(pool, *(_suggested("often:other") for _ in range(3)))
    await _note(pool, _suggested("gone:other", received_at=NOW - timedelta(days=99)))
    await call("POST", "/gone:other/confirm", {"owner": "fees"})
    removed = await call("POST", "/gone:other/remove", {"note": "Fee table corrected"})
    assert removed.json()["state"] == "removed"
    assert [cause.key for cause in await _listed(pool)] == ["often:other", "gone:other"]
    later = datetime(2099, 1, 1, tzinfo=UTC)
    await _note(pool, _suggested("gone:other", received_at=later))
    first = (await _listed(pool))[0]
    assert (first.key, first.returned, first.removed_by) == ("gone:other", 1, "the clerk")


async def test_a_renamed_cause_counts_later_cases_of_its_old_name(pool: Pool, call: Client) -> None:
    await _note(pool, _suggested("malfunction:INC/7"), _suggested("malfunction:INC/8"))
    body = {"key": "malfunction:card-gateway", "title": "Card gateway", "owner": "cards.it"}
    for old in ("INC%2F7", "INC%2F8"):
        told = await call("POST", f"/malfunction:{old}/confirm", body)
        assert told.status_code == 200, told.text
    await _note(pool, _suggested("malfunction:INC/7"))
    (cause,) = await _listed(pool)
    assert (cause.key, cause.title, cause.owner) == (body["key"], body["title"], body["owner"])
    assert (cause.cases, cause.state) == (3, "confirmed")
    assert (await _found(pool, "malfunction:INC/8")).key == "malfunction:card-gateway"


async def test_names_that_are_turned_round_make_no_ring(pool: Pool, call: Client) -> None:
    await _note(pool, _suggested("one:x"), _suggested("two:x"))
    for key, other in (("one:x", "two:x"), ("two:x", "one:x"), ("one:x", "three:x")):
        told = await call("POST", f"/{key}/confirm", {"key": other, "owner": "it"})
        assert told.json()["key"] == other
    (cause,) = await _listed(pool)
    assert (cause.key, cause.cases) == ("three:x", 2)
    assert cause.names == ("one:x", "three:x", "two:x")


async def test_a_cause_is_not_confirmed_without_an_owner(pool: Pool, call: Client) -> None:
    await _note(pool, _suggested())
    told = await call("POST", "/wrong_fee:fee_dispute/confirm", {})
    assert told.status_code == 422
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json()["errors"][0]["field"] == "owner"
    assert (await _found(pool, "wrong_fee:fee_dispute")).state == "suggested"


@pytest.mark.parametrize("act", ["confirm", "affected", "redressed", "remove"])
@pytest.mark.parametrize("key", ["nothing:like_it", "none%00", "none%0A"])
async def test_an_unknown_cause_is_not_found(call: Client, act: str, key: str) -> None:
    bodies: dict[str, dict[str, object]] = {
        "confirm": {"owner": "it"},
        "remove": {"note": "done"},
    }
    body = bodies.get(act, {"customers": ["C-1"]})
    assert (await call("POST", f"/{key}/{act}", body)).status_code == 404


async def test_only_a_confirmed_cause_is_removed(pool: Pool, call: Client) -> None:
    await _note(pool, _suggested())
    told = await call("POST", "/wrong_fee:fee_dispute/remove", {"note": "done"})
    assert told.status_code == 409


@pytest.mark.parametrize("act", ["confirm", "redressed", "remove"])
@pytest.mark.parametrize("role", ["auditor", "bank"])
async def test_who_only_reads_or_reports_confirms_nothing(
    pool: Pool, call: Client, act: str, role: Role
) -> None:
    await _note(pool, _suggested())
    told = await call("POST", f"/wrong_fee:fee_dispute/{act}", {}, role)
    assert told.status_code == 403


async def test_the_bank_may_name_whom_it_affected_and_not_read_the_list(
    pool: Pool, call: Client
) -> None:
    await _note(pool, _suggested())
    named = await call("POST", "/wrong_fee:fee_dispute/affected", {"customers": ["C-8"]}, "bank")
    assert named.json()["customers"] == 1
    assert (await call("GET", "", role="bank")).status_code == 403
    assert (await call("GET", "", role="auditor")).status_code == 200


@pytest.mark.parametrize(
    ("path", "field"),
    [("?state=old", "state"), ("?limit=0", "limit"), ("?limit=x", "limit"), ("?sort=a", "sort")],
)
async def test_a_wrong_parameter_is_named(call: Client, path: str, field: str) -> None:
    told = await call("GET", path)
    assert (told.status_code, told.json()["errors"][0]["field"]) == (422, field)


async def test_every_act_is_in_the_log_with_who_did_it(pool: Pool, call: Client) -> None:
    await _note(pool, _suggested())
    key = "/wrong_fee:fee_dispute"
    await call("POST", f"{key}/confirm", {"owner": "fees", "title": "Wrong table"}, "senior")
    await call("POST", f"{key}/affected", {"customers": ["C-8", "C-9"]})
    await call("POST", f"{key}/redressed", {"customers": ["C-8"]})
    await call("POST", f"{key}/remove", {"note": "Corrected"}, "head")
    rows = await pool.fetch("SELECT kind, actor, body, inputs FROM decision_log ORDER BY position")
    acts = [(row["kind"], row["actor"]) for row in rows]
    assert acts == [
        ("cause_confirmed", "the senior"),
        ("cause_affected", "the clerk"),
        ("cause_redressed", "the clerk"),
        ("cause_removed", "the head"),
    ]
    assert orjson.loads(rows[1]["body"])["customers"] == ["C-8", "C-9"]
    assert "Corrected" not in rows[3]["body"]
    assert orjson.loads(rows[3]["inputs"]) == {"note": "Corrected"}
    async with pool.acquire() as connection:
        assert isinstance(await log.verify(connection), Sound)


async def _outage(pool: Pool) -> str:
    """Store a case of an outage with its cause; return the cause's key."""
    mine = _case(customer="C-known", fault=Fault.COMPANY, facts=_late(incident="INC-1"))
    await _answer(pool, mine)
    await _note(pool, _suggested("malfunction:INC-1", case_id=mine.case_id, customer="C-known"))
    return "/malfunction:INC-1"


async def _swept(call: Client, key: str) -> dict[str, Any]:
    told = await call("GET", f"{key}/sweep")
    assert told.status_code == 200, told.text
    found: dict[str, Any] = told.json()
    return found


async def test_the_sweep_lists_earlier_cases_that_were_answered_less_well(
    pool: Pool, call: Client
) -> None:
    key = await _outage(pool)
    alike = _case(customer="C-alike", received_at=NOW - timedelta(days=10))
    outside = _late(due_at=OUTAGE[1] + timedelta(days=3))
    others = [
        _case(customer="C-outside", facts=outside),
        _case(customer="C-other", category=Category.BOOKING_CHANGE),
        _case(customer="C-fine", fault=Fault.COMPANY, facts=_late(incident="INC-1")),
        _case(customer="C-long-ago", received_at=NOW - timedelta(days=400)),
    ]
    for case in (alike, *others):
        await _answer(pool, case)
    (found,) = (await _swept(call, key))["look_alikes"]
    assert (found["case_id"], found["customer_id"]) == (str(alike.case_id), "C-alike")
    assert found["likeness"] == "incident_window"
    assert found["answered"]["disposition"] == "declined"
    assert (found["would_be"]["disposition"], found["would_be"]["basis"]) == (
        "upheld",
        "entitlement",
    )


async def test_whom_it_was_made_good_to_is_not_listed_again(pool: Pool, call: Client) -> None:
    key = await _outage(pool)
    await _answer(pool, _case(customer="C-alike"))
    assert len((await _swept(call, key))["look_alikes"]) == 1
    done = await call("POST", f"{key}/redressed", {"customers": ["C-alike", "C-alike"]})
    assert done.json()["customers"] == 1
    assert (await _swept(call, key))["look_alikes"] == []


async def test_the_sweep_lists_the_affected_who_never_complained(pool: Pool, call: Client) -> None:
    key = await _outage(pool)
    named = ["C-known", "C-silent", "C-made-good"]
    await call("POST", f"{key}/affected", {"customers": named}, "bank")
    await call("POST", f"{key}/redressed", {"customers": ["C-made-good"]})
    (silent,) = (await _swept(call, key))["silent"]
    assert (silent["customer_id"], silent["named_by"]) == ("C-silent", "the bank")
    cause = await _found(pool, "malfunction:INC-1")
    assert (cause.affected, cause.redressed) == (3, 1)


async def test_a_sweep_that_goes_on_says_so(pool: Pool, call: Client) -> None:
    key = await _outage(pool)
    for number in range(3):
        await _answer(pool, _case(customer=f"C-{number}"))
    told = (await call("GET", f"{key}/sweep?limit=2")).json()
    assert (len(told["look_alikes"]), told["more"]) == (2, True)


async def test_many_at_once_suggest_one_cause_while_people_confirm_it(
    pool: Pool, call: Client
) -> None:
    first = _suggested()
    await _note(pool, first)
    path = "/wrong_fee:fee_dispute/confirm"
    assert (await call("POST", path, {"owner": "fees"})).status_code == 200

    async def look_again() -> None:
        async with pool.acquire() as connection, connection.transaction():
            entry = Entry(first.case_id, "deliberated", "policy", NOW, "{}")
            await log.append(connection, [entry])
            again = _suggested(case_id=first.case_id)
            await note(connection, [again, _suggested(), _suggested("new:other")])

    told = await asyncio.gather(
        *(call("POST", path, {"owner": "fees"}) for _ in range(10)),
        *(look_again() for _ in range(20)),
    )
    assert {one.status_code for one in told if one is not None} == {200}
    assert (await _found(pool, "wrong_fee:fee_dispute")).cases == 21
    assert (await _found(pool, "new:other")).cases == 20
    async with pool.acquire() as connection:
        assert isinstance(await log.verify(connection), Sound)
