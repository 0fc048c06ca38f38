"""A person corrects the tags and names the cause of a case: a new proposal, and no decision."""

import pytest

from shared.events.catalogue import ClassificationCorrected, Queue, Topic
from shared.events.tags import Flag, Tone
from tests.integration.decision_parts import told_of
from tests.integration.desk_service import Running, broken_promise, errors_of, own_slip


async def test_corrected_tags_make_a_new_proposal_and_decide_nothing(desk: Running) -> None:
    case_id = await desk.arrive(own_slip("20", tone=Tone.RUDE), reason="conduct_uncertain")
    before = (await desk.get("clerk", f"/cases/{case_id}")).json()
    assert before["proposal"]["disposition"] == "declined"
    await desk.take("clerk", case_id)
    corrected = await desk.act("clerk", case_id, "tags", tone="courteous", note="Plain words")
    assert corrected.json()["proposal"]["disposition"] == "goodwill"
    row = await desk.row(case_id)
    assert (row["state"], row["waiting"], row["assignee"]) == ("referred", True, "clerk")
    assert await desk.decided() == []
    assert await desk.kinds(case_id) == ["deliberated", "taken", "tags_corrected", "deliberated"]
    assert (await desk.get("clerk", f"/cases/{case_id}")).json()["tags"]["tone"]["value"] == (
        "courteous"
    )
    nothing = await desk.act("clerk", case_id, "tags", note="Nothing")
    assert nothing.status_code == 422
    assert len(await corrections(desk)) == 1


async def corrections(desk: Running) -> list[ClassificationCorrected]:
    return await told_of(desk.pool, Topic.CORRECTED, ClassificationCorrected)


async def test_a_correction_is_told_with_the_message_before_and_after_and_never_why(
    desk: Running,
) -> None:
    case = own_slip("20", tone=Tone.RUDE)
    case_id = await desk.hold("clerk", case)
    why = "Mrs Nowak is ill"
    wrong = {"tone": "courteous", "flags": ["vulnerable"]}
    assert (await desk.act("clerk", case_id, "tags", **wrong, note=why)).status_code == 200
    (told,) = await corrections(desk)
    assert (told.text, told.facts, told.category) == (case.text, case.facts, case.category)
    assert (told.named, told.corrected_by) == (("tone", "flags"), "clerk")
    assert (told.before.tone, told.corrected.tone) == (Tone.RUDE, Tone.COURTEOUS)
    assert (told.before.flags, told.corrected.flags) == ((), (Flag.VULNERABLE,))
    assert told.corrected.fault is told.before.fault
    assert (told.model, told.language) == (case.tags.model, case.tags.language)
    bodies = await desk.pool.fetch("SELECT convert_from(body, 'UTF8') AS body FROM outbox")
    assert not any("Nowak" in row["body"] for row in bodies)
    noted = "SELECT inputs FROM decision_log WHERE case_id = $1 AND kind = 'tags_corrected'"
    assert why in await desk.pool.fetchval(noted, case_id)


@pytest.mark.parametrize("note", [None, "", "  "])
async def test_a_correction_without_its_reason_is_refused_and_tells_nobody(
    desk: Running, note: str | None
) -> None:
    case_id = await desk.hold("clerk", own_slip("20", tone=Tone.RUDE))
    given = {} if note is None else {"note": note}
    refused = await desk.act("clerk", case_id, "tags", tone="courteous", **given)
    assert refused.status_code == 422
    assert "note" in errors_of(refused)
    assert await corrections(desk) == []


async def test_a_correction_that_is_refused_tells_nobody(desk: Running) -> None:
    case_id = await desk.hold("clerk", own_slip("20", tone=Tone.RUDE))
    late = await desk.post(
        "clerk", f"/cases/{case_id}/tags", version=1, tone="courteous", note="Late"
    )
    assert late.status_code == 409
    other = await desk.act("clerk-2", case_id, "tags", tone="courteous", note="Not mine")
    assert other.status_code == 409
    assert await corrections(desk) == []


async def test_a_correction_can_make_a_case_more_urgent_and_never_less(desk: Running) -> None:
    case_id = await desk.hold("clerk", broken_promise())
    assert (await desk.act("clerk", case_id, "tags", flags=["safety"], note="In danger")).json()[
        "queue"
    ] == "safety"
    assert (await desk.act("clerk", case_id, "tags", flags=[], note="Not so")).json()[
        "queue"
    ] == "safety"
    (referral,) = await desk.referred()
    assert (referral.queue, referral.reason) == (Queue.SAFETY, "safety")


async def test_a_person_names_the_cause_of_a_case(desk: Running) -> None:
    case_id = await desk.arrive(broken_promise())
    named = await desk.act("clerk", case_id, "cause", cause="broken_promise:courier")
    assert named.json()["cause"] == "broken_promise:courier"
    (row,) = await desk.pool.fetch("SELECT case_id, key, confirmed_by, euros FROM case_causes")
    assert tuple(row) == (case_id, "broken_promise:courier", "clerk", 250)
    assert (await desk.row(case_id))["cause"] == "broken_promise:courier"
    assert await desk.kinds(case_id) == ["deliberated", "cause_confirmed"]
    refused = await desk.act("clerk", case_id, "cause", cause=" x")
    assert "cause" in errors_of(refused)
