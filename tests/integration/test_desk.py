"""People at the review desk: the queue, taking and handing over, and what each role may see."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from shared.events.case import Status
from shared.events.catalogue import CaseStatusChanged, ClassificationCorrected, Queue, Topic
from shared.events.tags import Evidence, Flag, Tone
from tests.integration.decision_parts import Migrated, told_of
from tests.integration.desk_service import Running, broken_promise, errors_of, own_slip, running


@pytest.fixture
async def desk(database: Migrated) -> AsyncIterator[Running]:
    async with running(database) as started:
        yield started


async def test_safety_comes_first_then_whatever_is_to_be_begun_first(
    desk: Running,
) -> None:
    late = await desk.arrive(broken_promise(), due=timedelta(days=9))
    soon = await desk.arrive(broken_promise(), due=timedelta(days=2))
    special = await desk.arrive(
        broken_promise(), queue=Queue.SPECIALIST, reason="violence", due=timedelta(days=30)
    )
    safety = await desk.arrive(
        broken_promise(flags=(Flag.SAFETY,)), queue=Queue.SAFETY, reason="safety"
    )
    shown = (await desk.get("clerk", "/queue")).json()["cases"]
    assert [case["case_id"] for case in shown] == [
        str(one) for one in (safety, soon, special, late)
    ]
    assert [case["place"] for case in shown] == [1, 2, 3, 4]
    assert "safety" in shown[0]["why"].lower()
    assert shown[1]["reason"] == "above_the_automatic_certificate"
    assert all(case["why"].endswith(".") for case in shown)
    assert shown[0]["place_why"].startswith("first in the queue because somebody's safety")


async def test_pages_of_the_queue_show_every_case_once_with_its_place(desk: Running) -> None:
    for day in range(5):
        await desk.arrive(broken_promise(), due=timedelta(days=day))
    whole = (await desk.get("clerk", "/queue")).json()["cases"]
    paged, cursor = [], ""
    while True:
        page = (await desk.get("clerk", f"/queue?limit=2{cursor}")).json()
        paged += page["cases"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert paged == whole
    other = await desk.get("clerk", f"/queue?limit=2&queue=fraud{cursor}")
    assert "cursor" in errors_of(other)


async def test_the_queue_can_be_narrowed(desk: Running) -> None:
    mine = await desk.arrive(broken_promise())
    await desk.arrive(broken_promise(), queue=Queue.LEGAL, reason="legal")
    await desk.take("clerk", mine)

    async def listed(who: str, query: str) -> list[str]:
        cases = (await desk.get(who, f"/queue?{query}")).json()["cases"]
        return [case["case_id"] for case in cases]

    assert await listed("clerk", "mine=true") == [str(mine)]
    assert await listed("clerk-2", "mine=true") == []
    assert await listed("clerk-2", "assignee=clerk") == [str(mine)]
    assert await listed("clerk", "queue=review") == [str(mine)]
    assert "queue" in errors_of(await desk.get("clerk", "/queue?queue=nowhere"))
    assert "sort" in errors_of(await desk.get("clerk", "/queue?sort=date"))


async def test_a_case_that_was_taken_is_nobody_elses(desk: Running) -> None:
    case_id = await desk.arrive(broken_promise())
    await desk.take("clerk", case_id)
    await desk.take("clerk", case_id)  # again changes nothing
    assert await desk.version(case_id) == 2
    refused = await desk.act("senior", case_id, "take")
    assert refused.status_code == 409
    assert "clerk" in refused.json()["detail"]
    released = await desk.act("clerk", case_id, "release")
    assert released.json()["assignee"] is None
    await desk.take("senior", case_id)


@pytest.mark.parametrize("state", ["verifying", "asked"])
async def test_a_case_that_waits_for_others_is_not_taken(desk: Running, state: str) -> None:
    case_id = await desk.arrive(broken_promise())
    await desk.pool.execute("UPDATE cases SET waiting = false, state = $1", state)
    refused = await desk.act("clerk", case_id, "take")
    assert refused.status_code == 409
    assert state in refused.json()["detail"]
    assert (await desk.get("clerk", "/queue")).json()["cases"] == []


async def test_a_case_is_handed_over_without_a_reason_and_offered_to_that_person_last(
    desk: Running,
) -> None:
    urgent = await desk.arrive(broken_promise(), due=timedelta(days=1))
    other = await desk.arrive(broken_promise(), due=timedelta(days=5))
    await desk.take("clerk", urgent)
    handed = await desk.act("clerk", urgent, "hand-over")
    assert handed.status_code == 200
    asked = await desk.act("clerk", other, "hand-over", reason="too rude")
    assert errors_of(asked) == {
        "reason": "is not a field of this request; check the spelling or remove it"
    }
    for who, order in (("clerk", [other, urgent]), ("clerk-2", [urgent, other])):
        shown = (await desk.get(who, "/queue")).json()["cases"]
        assert [case["case_id"] for case in shown] == [str(one) for one in order]


async def test_a_case_can_be_handed_over_to_another_queue(desk: Running) -> None:
    case_id = await desk.arrive(broken_promise())
    await desk.take("clerk", case_id)
    handed = await desk.act("clerk", case_id, "hand-over", queue="specialist")
    assert handed.json()["queue"] == "specialist"
    (referral,) = await desk.referred()
    assert (referral.queue, referral.priority) == (Queue.SPECIALIST, 10)
    assert referral.reason == "above_the_automatic_certificate"
    assert not referral.answered


async def test_a_take_lapses_after_eight_hours_into_the_queue_and_to_nobody(desk: Running) -> None:
    case_id = await desk.arrive(broken_promise())
    await desk.take("clerk", case_id)
    lasts = await desk.pool.fetchval("SELECT taken_until - now() FROM cases")
    assert timedelta(hours=7, minutes=55) < lasts <= timedelta(hours=8)
    await desk.pool.execute("UPDATE cases SET taken_until = now() - interval '1 second'")
    (shown,) = (await desk.get("clerk-2", "/queue")).json()["cases"]
    assert shown["assignee"] is None
    late = await desk.act("clerk", case_id, "decide", disposition="declined", reasons=["late"])
    assert late.status_code == 409
    assert "take it first" in late.json()["detail"]
    await desk.take("clerk-2", case_id)
    assert (await desk.row(case_id))["assignee"] == "clerk-2"


async def test_an_act_on_an_old_version_is_refused_with_the_present_one(desk: Running) -> None:
    case_id = await desk.arrive(broken_promise())
    await desk.take("clerk", case_id)
    refused = await desk.post("clerk", f"/cases/{case_id}/release", version=1)
    assert refused.status_code == 409
    assert "2" in errors_of(refused)["version"]


async def test_who_was_only_told_closes_the_case_and_its_answer_stands(desk: Running) -> None:
    case_id = await desk.arrive(
        broken_promise("20", flags=(Flag.VULNERABLE,)),
        queue=Queue.SPECIALIST,
        reason="vulnerable",
        told=True,
    )
    (shown,) = (await desk.get("clerk", "/queue")).json()["cases"]
    assert shown["to_do"] == "see"
    await desk.take("clerk", case_id)
    done = await desk.act("clerk", case_id, "done")
    assert (done.json()["state"], done.json()["waiting"]) == ("decided", False)
    assert (await desk.get("clerk", "/queue")).json()["cases"] == []
    assert await desk.pool.fetchval("SELECT count(*) FROM outbox") == 0


async def test_a_reopened_case_whose_answer_stands_is_decided_again_for_the_customer(
    desk: Running,
) -> None:
    case_id = await desk.arrive(
        broken_promise("20"), reason="message_after_the_decision", told=True
    )
    await desk.take("clerk", case_id)
    assert (await desk.act("clerk", case_id, "done")).status_code == 200
    (row,) = await desk.pool.fetch("SELECT topic, body FROM outbox")
    assert row["topic"] == Topic.STATUS
    assert CaseStatusChanged.model_validate_json(row["body"]).status is Status.DECIDED


async def test_an_answered_case_that_somebody_only_passes_on_leaves_the_customer_in_peace(
    desk: Running,
) -> None:
    case_id = await desk.arrive(broken_promise("20"), reason="vulnerable", told=True)
    await desk.take("clerk", case_id)
    await desk.act("clerk", case_id, "done")
    await desk.take("clerk", case_id)
    await desk.act("clerk", case_id, "hand-over", queue="legal")
    (referral,) = await desk.referred()
    assert (referral.answered, referral.reopened) == (True, False)
    (shown,) = (await desk.get("senior", "/queue")).json()["cases"]
    assert (shown["to_do"], shown["queue"]) == ("see", "legal")
    await desk.take("senior", case_id)
    await desk.act("senior", case_id, "done")
    assert (
        await desk.pool.fetchval("SELECT count(*) FROM outbox WHERE topic = $1", Topic.STATUS) == 0
    )


async def test_a_case_without_an_answer_cannot_be_closed(desk: Running) -> None:
    case_id = await desk.arrive(broken_promise())
    await desk.take("clerk", case_id)
    assert (await desk.act("clerk", case_id, "done")).status_code == 409


async def test_abuse_is_covered_until_somebody_chooses_to_see_it_and_that_is_logged(
    desk: Running,
) -> None:
    text = "You idiots charged me twice."
    abuse = Evidence(target="tone", value="abusive", source="list:insult", start=4, end=10)
    case_id = await desk.arrive(broken_promise(tone=Tone.ABUSIVE, text=text, evidence=(abuse,)))
    shown = (await desk.get("clerk", f"/cases/{case_id}")).json()
    assert shown["text"] == "You •••••• charged me twice."
    assert shown["masked"]
    assert await desk.kinds(case_id) == ["deliberated"]
    uncovered = (await desk.get("auditor", f"/cases/{case_id}?show_text=true")).json()
    assert uncovered["text"] == text
    assert await desk.kinds(case_id) == ["deliberated", "text_shown"]
    assert uncovered["history"][0]["actor"] == "auditor"
    bare = await desk.arrive(broken_promise(tone=Tone.ABUSIVE, text=text))
    assert (await desk.get("clerk", f"/cases/{bare}")).json()[
        "text"
    ] == "••• •••••• ••••••• •• ••••••"


async def test_every_message_of_a_case_is_shown_each_with_its_own_abuse_covered(
    desk: Running,
) -> None:
    abuse = Evidence(target="tone", value="abusive", source="list:insult", start=0, end=5)
    first = broken_promise(tone=Tone.ABUSIVE, text="Fools! Pay.", evidence=(abuse,))
    case_id = await desk.arrive(first)
    later = broken_promise(text="Sorry for the word.")
    later = later.model_copy(update={"case_id": case_id, "sequence": 1})
    await desk.think_again(later)
    shown = (await desk.get("clerk", f"/cases/{case_id}")).json()
    texts = [(each["sequence"], each["text"], each["masked"]) for each in shown["messages"]]
    assert texts == [(0, "•••••! Pay.", True), (1, "Sorry for the word.", False)]
    assert shown["text"] == "Sorry for the word."


async def test_a_case_shows_the_proposal_the_choices_and_its_version(desk: Running) -> None:
    case_id = await desk.arrive(broken_promise())
    shown = await desk.get("clerk", f"/cases/{case_id}")
    assert shown.headers["etag"] == '"1"'
    case = shown.json()
    assert case["proposal"]["disposition"] == "upheld"
    assert case["proposal"]["cost_eur"] == "250"
    kinds = {each["kind"] for each in case["choices"]["remedies"]}
    assert {"refund", "expedite", "credit"} <= kinds


async def test_nobody_comes_to_the_desk_without_a_key_that_is_known(desk: Running) -> None:
    for who in ("nonsense", "evh_000000000000_x"):
        refused = await desk.get(who, "/queue")
        assert refused.status_code == 401
        assert "Authorization" in errors_of(refused)
    bare = await desk.http.get("/v1/desk/queue")
    assert bare.status_code == 401


async def test_who_reads_everything_decides_nothing(desk: Running) -> None:
    case_id = await desk.arrive(own_slip())
    for who in ("auditor", "operator"):
        assert (await desk.get(who, "/queue")).status_code == 200
        assert (await desk.get(who, f"/cases/{case_id}")).status_code == 200
        for act in ("take", "release", "hand-over", "done", "decide", "tags", "end-service"):
            refused = await desk.post(who, f"/cases/{case_id}/{act}", version=1)
            assert refused.status_code == 403, act
    assert (await desk.get("bank-system", "/queue")).status_code == 403
    assert await desk.kinds(case_id) == ["deliberated"]


async def test_a_key_that_is_named_like_the_policy_is_no_person(desk: Running) -> None:
    await desk.key("policy", "executive")
    case_id = await desk.arrive(own_slip())
    assert (await desk.act("policy", case_id, "take")).status_code == 403


async def test_what_does_not_exist_is_not_found(desk: Running) -> None:
    for path in (f"/cases/{uuid4()}", "/cases/nonsense"):
        assert (await desk.get("clerk", path)).status_code == 404
    for path in (f"/cases/{uuid4()}/take", "/cases/x/take"):
        assert (await desk.post("clerk", path, version=1)).status_code == 404
    for path in ("/approvals/x/give", f"/approvals/{uuid4()}/give", "/samples/x/review"):
        body = {"finding": "well done"} if "samples" in path else {}
        assert (await desk.post("senior", path, **body)).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "version"),
        ({"version": 0}, "version"),
        ({"version": True}, "version"),
        ({"version": "1"}, "version"),
        ({"version": 1, "now": True}, "now"),
    ],
)
async def test_a_body_that_is_wrong_is_refused_by_its_field(
    desk: Running, body: dict[str, object], field: str
) -> None:
    case_id = await desk.arrive(own_slip())
    refused = await desk.post("clerk", f"/cases/{case_id}/take", **body)
    assert refused.status_code == 422
    assert field in errors_of(refused)


async def test_json_is_read_strictly_and_bodies_have_a_limit(desk: Running) -> None:
    case_id = await desk.arrive(own_slip())
    path = f"/v1/desk/cases/{case_id}/take"
    headers = {
        "Authorization": f"Bearer {desk.keys['clerk']}",
        "Content-Type": "application/json",
    }
    for content, status in (
        (b'{"version":1,"version":2}', 400),
        (b"{", 400),
        (b"[]", 422),
        (b'"' + b"x" * 300_000 + b'"', 413),
    ):
        answered = await desk.http.post(path, headers=headers, content=content)
        assert answered.status_code == status
        assert errors_of(answered)
    typed = await desk.http.post(
        path, headers={**headers, "Content-Type": "text/plain"}, content=b"{}"
    )
    assert typed.status_code == 415


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
    case_id = await desk.arrive(case)
    await desk.take("clerk", case_id)
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
    case_id = await desk.arrive(own_slip("20", tone=Tone.RUDE))
    await desk.take("clerk", case_id)
    given = {} if note is None else {"note": note}
    refused = await desk.act("clerk", case_id, "tags", tone="courteous", **given)
    assert refused.status_code == 422
    assert "note" in errors_of(refused)
    assert await corrections(desk) == []


async def test_a_correction_that_is_refused_tells_nobody(desk: Running) -> None:
    case_id = await desk.arrive(own_slip("20", tone=Tone.RUDE))
    await desk.take("clerk", case_id)
    late = await desk.post(
        "clerk", f"/cases/{case_id}/tags", version=1, tone="courteous", note="Late"
    )
    assert late.status_code == 409
    other = await desk.act("clerk-2", case_id, "tags", tone="courteous", note="Not mine")
    assert other.status_code == 409
    assert await corrections(desk) == []


async def test_a_correction_can_make_a_case_more_urgent_and_never_less(desk: Running) -> None:
    case_id = await desk.arrive(broken_promise())
    await desk.take("clerk", case_id)
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


async def test_everybody_sees_their_own_certificate(desk: Running) -> None:
    shown = (await desk.get("clerk", "/certificate")).json()
    assert (shown["role"], shown["limits"]["per_case"]) == ("clerk", "300")
    assert Decimal(shown["euros"]) == 0
    assert (await desk.get("executive", "/certificate")).json()["limits"]["per_case"] is None
    assert (await desk.get("auditor", "/certificate")).status_code == 403


async def test_the_desks_own_page_documents_every_route_and_needs_a_key(desk: Running) -> None:
    assert (await desk.http.get("/docs")).status_code == 401
    headers = {"Authorization": f"Bearer {desk.keys['auditor']}"}
    assert (await desk.http.get("/docs", headers=headers)).status_code == 200
    paths = (await desk.http.get("/openapi.json", headers=headers)).json()["paths"]
    assert {"/v1/desk/queue", "/v1/desk/cases/{case_id}/decide"} <= paths.keys()
    decide = paths["/v1/desk/cases/{case_id}/decide"]["post"]
    schema = decide["requestBody"]["content"]["application/json"]["schema"]
    assert "$ref" not in str(schema)
    assert "declined" in schema["properties"]["disposition"]["enum"]
    assert "409" in decide["responses"]


@pytest.mark.parametrize("reason", ["verification_unanswered", "verification_answered_late"])
async def test_who_only_had_to_see_a_late_or_empty_answer_leaves_the_customer_in_peace(
    desk: Running, reason: str
) -> None:
    case_id = await desk.arrive(broken_promise("20"), reason=reason, told=True)
    (shown,) = (await desk.get("clerk", "/queue")).json()["cases"]
    assert shown["to_do"] == "see"
    assert shown["why"].endswith(".")
    await desk.take("clerk", case_id)
    assert (await desk.act("clerk", case_id, "done")).status_code == 200
    assert await desk.pool.fetchval("SELECT count(*) FROM outbox") == 0
