"""A reply reaches intake as one message of the case, however often it is sent or handed over."""

from uuid import uuid4

import pytest

from services.notifier.domain import Language
from services.notifier.status_page.texts.load import load
from shared.events.answer import Disposition
from tests.integration import intake_service
from tests.integration.conftest import Database
from tests.integration.notifier_service import until
from tests.integration.status_page.replies import handed_over, reply, submit, together
from tests.integration.status_page_service import EN, WORDS, Running, Story, form_of, page


async def test_a_reply_reaches_intake_as_a_message_of_the_case_exactly_once(
    database: Database,
) -> None:
    async with together(database) as both:
        service = both.service
        story = await service.begin(both.case_id)
        # A form that is sent twice, by a reload.
        await reply(service, both.case_id, "More:\r\nłódź 🙂", times=2)
        await handed_over(service, 1)
        assert (await both.texts())[1:] == ["More:\nłódź 🙂"]
        # It comes back as an event, and is then shown once.
        await service.happen(story.message(1, "More:\nłódź 🙂"))
        html = await both.html()
        assert html.count("łódź") == 1
        assert EN.happened.on_its_way not in html


async def test_a_reply_waits_while_intake_is_away_and_goes_out_later(database: Database) -> None:
    async with intake_service.running(database) as intake:
        case_id = await submit(intake)
    async with page(database) as service:
        await service.begin(case_id)
        answer = await reply(service, case_id, "Are you there?")
        shown = (await service.client.get(answer.headers["location"])).text
        assert EN.said["reply"] in shown
        assert EN.happened.on_its_way in shown
        assert "Are you there?" in shown

        async def was_tried() -> bool:
            return bool(await service.notifier.pool.fetchval("SELECT max(attempts) FROM replies"))

        await until(was_tried)
    async with together(database, case_id) as both:
        await both.service.notifier.pool.execute("UPDATE replies SET due_at = now()")
        await handed_over(both.service, 1)
        assert await both.texts() == [WORDS, "Are you there?"]


async def test_a_reply_whose_hand_over_was_not_noted_is_still_one_message(
    database: Database,
) -> None:
    async with together(database) as both:
        service = both.service
        await service.begin(both.case_id)
        await reply(service, both.case_id, "Once.")
        await handed_over(service, 1)
        # As if killed between intake's answer and our commit: the lease has run out.
        await service.notifier.pool.execute(
            "UPDATE replies SET outcome = NULL, settled_at = NULL, body = 'Once.',"
            " leased_until = now()"
        )
        await handed_over(service, 1)
        assert await both.texts() == [WORDS, "Once."]


async def test_a_reply_that_intake_refuses_for_good_is_kept_and_the_customer_told(
    database: Database,
) -> None:
    async with together(database) as both:
        service = both.service
        await service.begin(both.case_id)
        await service.notifier.pool.execute(
            "INSERT INTO replies (id, case_id, kind, body) VALUES ($1, $2, 'reply', '')",
            uuid4(),
            both.case_id,
        )

        async def was_refused() -> bool:
            found = await service.notifier.pool.fetchval("SELECT outcome FROM replies")
            return bool(found == "refused")

        await until(was_refused)
        assert EN.happened.refused in await both.html()


async def test_one_click_asks_for_a_person_once_for_each_answer(database: Database) -> None:
    async with together(database) as both:
        service, story = both.service, Story(both.case_id, language="pl")
        await service.happen(story.opened(), story.decided(Disposition.DECLINED))
        form = form_of(await both.html(), "person")
        for _ in range(2):
            await service.client.post(f"{both.path}/person?lang=pl", data={"form": form})
        await handed_over(service, 1)
        pl = load(Language.PL)
        assert (await both.texts())[1:] == [pl.person.message]
        html = await both.html()
        assert pl.person.asked in html
        assert "/person?" not in html
        # A new answer may be reviewed anew.
        await service.happen(story.decided(Disposition.DECLINED, revision=3))
        await service.notifier.pool.execute(
            "UPDATE replies SET written_at = written_at - interval '9 hours'"
        )
        assert "/person?" in await both.html()


@pytest.mark.parametrize(
    ("text", "told"),
    [("", EN.reply.blank), (" \r\n ", EN.reply.blank), ("x" * 20_001, "20\u00a0000")],
)
async def test_a_reply_that_cannot_be_taken_comes_back_with_what_was_written(
    service: Running, text: str, told: str
) -> None:
    story = await service.begin()
    path = service.path(story.id)
    form = form_of((await service.client.get(path)).text, "reply")
    answer = await service.client.post(f"{path}/reply", data={"form": form, "text": text})
    assert answer.status_code == 422
    assert told in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert text.strip() in answer.text
