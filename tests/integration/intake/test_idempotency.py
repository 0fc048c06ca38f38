"""One idempotency key makes one case, however often and at once it is sent."""

import asyncio

from tests.integration.intake.cases import CASE, bearer, fields_of
from tests.integration.intake_service import Migrated, Running, new_key, running


async def test_one_key_and_body_make_one_case_however_often_and_at_once(
    database: Migrated, intake: Running
) -> None:
    headers = {"Idempotency-Key": "import-1"}
    reordered = dict(reversed(CASE.items()))
    answers = await asyncio.gather(
        *(
            intake.client.post("/v1/cases", json=body, headers=headers)
            for body in [CASE, reordered] * 15
        )
    )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    async with running(database) as restarted:
        again = await restarted.client.post("/v1/cases", json=CASE, headers=headers)
    assert again.text == answers[0].text
    assert await intake.count("cases") == await intake.count("outbox") == 1


async def test_one_key_for_two_requests_is_a_conflict(intake: Running) -> None:
    headers = {"Idempotency-Key": "import-1"}
    bodies = [{**CASE, "text": f"text {number}"} for number in range(10)]
    answers = await asyncio.gather(
        *(intake.client.post("/v1/cases", json=body, headers=headers) for body in bodies)
    )
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 9
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert fields_of(refused) == ["Idempotency-Key"]
    assert await intake.count("cases") == 1


async def test_one_key_for_another_product_is_a_conflict(intake: Running) -> None:
    headers = {"Idempotency-Key": "import-1"}
    assert (await intake.client.post("/v1/cases", json=CASE, headers=headers)).status_code == 202
    other = {**CASE, "product": "card"}
    answer = await intake.client.post("/v1/cases", json=other, headers=headers)
    assert (answer.status_code, fields_of(answer)) == (409, ["Idempotency-Key"])


async def test_the_same_key_of_another_owner_is_another_key(
    database: Migrated, intake: Running
) -> None:
    headers = {"Idempotency-Key": "1"}
    other = bearer(await new_key(database, "submit", name="branch"))
    replaced = bearer(await new_key(database, "submit", name="bank"))
    ids = [
        (await intake.client.post("/v1/cases", json=CASE, headers=headers | key)).json()["case_id"]
        for key in ({}, other, replaced)
    ]
    assert ids[0] != ids[1]
    assert ids[0] == ids[2]


async def test_an_idempotency_key_is_visible_ascii(intake: Running) -> None:
    for key in ("", "x" * 256, "two words", "schlüssel"):
        headers = [(b"Idempotency-Key", key.encode())]
        answer = await intake.client.post("/v1/cases", json=CASE, headers=headers)
        assert (answer.status_code, fields_of(answer)) == (422, ["Idempotency-Key"]), key
