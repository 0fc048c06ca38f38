"""What a case shows to the people at the desk: its messages, abuse covered, and the choices."""

from shared.events.tags import Evidence, Tone
from tests.integration.desk_service import Running, broken_promise


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
