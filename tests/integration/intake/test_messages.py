"""Further messages to a case: numbered in order, added once for their key."""

import asyncio

from shared.events.catalogue import CaseSubmitted
from tests.integration.intake.cases import CASE, fields_of
from tests.integration.intake_service import Running


async def test_messages_get_the_next_number_even_at_once(intake: Running) -> None:
    case_id = (await intake.client.post("/v1/cases", json=CASE)).json()["case_id"]
    path = f"/v1/cases/{case_id}/messages"
    answers = await asyncio.gather(
        *(intake.client.post(path, json={"text": f"more {n}"}) for n in range(12))
    )
    assert sorted(answer.json()["sequence"] for answer in answers) == list(range(1, 13))
    shown = (await intake.client.get(f"/v1/cases/{case_id}")).json()
    assert [message["sequence"] for message in shown["messages"]] == list(range(13))
    last = await intake.pool.fetchval("SELECT body FROM outbox ORDER BY position DESC LIMIT 1")
    event = CaseSubmitted.model_validate_json(last)
    assert (event.customer.name, event.product) == ("Anna Nowak", "loan")
    assert event.text.startswith("more")
    assert await intake.count("journeys") == 13


async def test_a_message_is_added_once_for_its_key(intake: Running) -> None:
    case_id = (await intake.client.post("/v1/cases", json=CASE)).json()["case_id"]
    path, headers = f"/v1/cases/{case_id}/messages", {"Idempotency-Key": "m-1"}
    body = {"text": "more", "channel": "phone"}
    answers = await asyncio.gather(
        *(intake.client.post(path, json=body, headers=headers) for _ in range(8))
    )
    assert {answer.text for answer in answers} == {answers[0].text}
    assert await intake.count("messages") == 1
    other = await intake.client.post(path, json={"text": "other"}, headers=headers)
    assert (other.status_code, fields_of(other)) == (409, ["Idempotency-Key"])
    reused = await intake.client.post("/v1/cases", json=CASE, headers=headers)
    assert reused.status_code == 409


async def test_a_message_to_no_case_is_not_found(intake: Running) -> None:
    path = "/v1/cases/00000000-0000-7000-8000-000000000000/messages"
    answer = await intake.client.post(path, json={"text": "x"})
    assert (answer.status_code, fields_of(answer)) == (404, [])
