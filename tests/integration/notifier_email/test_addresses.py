"""A mail goes to the address on file, readable there; who has none is said to be unreachable."""

import pytest

from deploy.local.mailbox.running import MailCatcher
from shared.events.catalogue import Notice
from tests.integration.letters import letters_of
from tests.integration.notifier_email.notices import ANNA
from tests.integration.notifier_service import Notifier, case_of


async def test_a_mail_is_readable_and_says_which_case_and_notice_it_is(
    service: Notifier, catcher: MailCatcher
) -> None:
    case = case_of(ANNA, language="uk-UA")
    async with service.sending():
        await service.consume(case.submitted())
        await service.settled(1)
    (letter,) = catcher.mailbox.since(0, 10)
    (mail,) = letters_of(catcher)
    assert letter.sender == "cases@bank.example"
    assert mail["From"] == "Evenhand Bank <cases@bank.example>"
    assert mail["To"] == f"Anna Nowak <{ANNA}>"
    assert mail["Subject"] == "Ми отримали Ваше звернення"
    assert mail["X-Evenhand-Case"] == str(case.id)
    assert mail["Auto-Submitted"] == "auto-generated"
    (said,) = await service.said()
    assert mail["Message-ID"] == f"<{said.message_id}@bank.example>"
    body = mail.get_body(("plain",))
    assert body is not None
    assert str(case.id) in body.get_content()


async def test_a_customer_without_contact_is_said_to_be_unreachable_once(
    service: Notifier,
) -> None:
    case = case_of()
    await service.consume(case.decided())
    for _ in range(2):
        await service.consume(case.submitted())
    said = await service.said()
    assert {(s.notice, s.channel, s.outcome) for s in said} == {
        (Notice.RECEIPT, "none", "no_contact"),
        (Notice.FINAL_ANSWER, "none", "no_contact"),
    }
    assert len(said) == 2


@pytest.mark.parametrize("address", ["nobody", "a@b@c", "x\r\nRCPT TO:<y@z.example>@a.example"])
async def test_an_impossible_address_fails_without_a_dialogue(
    service: Notifier, catcher: MailCatcher, address: str
) -> None:
    async with service.sending():
        await service.consume(case_of(address).submitted())
        await service.settled(1)
    (said,) = await service.said()
    assert (said.outcome, said.detail) == ("failed", "not an e-mail address")
    assert catcher.mailbox.counts.messages == 0


async def test_an_address_in_other_letters_is_reached(
    service: Notifier, catcher: MailCatcher
) -> None:
    async with service.sending():
        await service.consume(
            case_of("анна@пошта.укр").submitted(), case_of("a@straße.example").submitted()
        )
        await service.settled(2)
    assert {letter.recipient for letter in catcher.mailbox.since(0, 10)} == {
        "анна@xn--80a1acn3a.xn--j1amh",
        "a@xn--strae-oqa.example",
    }
