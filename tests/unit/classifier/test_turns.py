# ruff: noqa: RUF001 - Cyrillic words of transcripts
"""Whose words a mail or a transcript holds is told by its layout."""

import pytest

from services.classifier import tagging
from services.classifier.tagging.message import Message
from services.classifier.tagging.turns import others
from shared.events.tags import Pressure, Tone

OWN_ONLY = [
    "Hello.\nI write about my card: it does not work.\nRegards: Ann",
    "> all of it is quoted\n> and nothing stands beside it",
    "-----Original Message-----\nFrom: the shop\nTo: me\nyou will get nothing",
    "Bank: ING\nAccount: closed",
    "From: Leeds\nI moved there in May.",
    "Hello\n-----Original Message-----\nI will set your branch on fire.",
    "Hi\n______________\nregards: Ann\nPay me back.",
    "Hi\n--\nI will come and burn you",
    "Hi\n--\nShame!\nAnn",
    "Hi\n--\nThe fee came back again today.\nAnn",
    "Hi\n--\n" + "Pay\n" * 12,
    "",
]
MIXED = [
    ("Is that right?\n> we owe you nothing\nPlease look again.", ["> we owe you nothing\n"]),
    (
        "Please help.\nOn Tue, 5 May 2026 at 10:12, The Bank <x@bank.example> wrote:\nno.\n\nno.",
        ["On Tue, 5 May 2026 at 10:12, The Bank <x@bank.example> wrote:\n", "no.\n", "\n", "no."],
    ),
    (
        "Help\n-----Original Message-----\n\nFrom: Bank\nno.",
        ["-----Original Message-----\n", "\n", "From: Bank\n", "no."],
    ),
    (
        "Помогите\n--- Пересылаемое сообщение ---\n01.05.2026, 10:12, Банк <x@y.example>:\nнет",
        ["--- Пересылаемое сообщение ---\n", "01.05.2026, 10:12, Банк <x@y.example>:\n", "нет"],
    ),
    (
        "Proszę o pomoc\nOd: Bank\nWysłano: 5 maja\nTemat: wniosek\nOdmawiamy",
        ["Od: Bank\n", "Wysłano: 5 maja\n", "Temat: wniosek\n", "Odmawiamy"],
    ),
    (
        "[10:01] Agent Anna: go away\nreally\n[10:02] Customer: please do not talk so",
        ["[10:01] Agent Anna: go away\n", "really\n"],
    ),
    ("Оператор: ждите\nКлиент: сколько ещё?", ["Оператор: ждите\n"]),
    (
        "Anna (advisor): You are an idiot.\nCustomer: Please stop.",
        ["Anna (advisor): You are an idiot.\n"],
    ),
    (
        "Anna Nowak, konsultant: Jest pan debilem.\nJan Kot (klient): Proszę o wyjaśnienie.",
        ["Anna Nowak, konsultant: Jest pan debilem.\n"],
    ),
    (
        "Please tell me the fee.\n\n-- \nJan Kowalski\nAdvocate, Court of Arbitration\n",
        ["-- \n", "Jan Kowalski\n", "Advocate, Court of Arbitration\n"],
    ),
    (
        "Dzień dobry\r\n--\r\nJan Kot\r\nCompany sp. z o.o.\r\n> stary list\r\nPomocy",
        ["--\r\n", "Jan Kot\r\n", "Company sp. z o.o.\r\n", "> stary list\r\n"],
    ),
]


@pytest.mark.parametrize("text", OWN_ONLY)
def test_where_nothing_else_would_remain_all_is_the_customers(text: str) -> None:
    assert others(text) == []


@pytest.mark.parametrize(("text", "foreign"), MIXED)
def test_quoted_lines_earlier_mails_and_staff_turns_are_somebody_elses(
    text: str, foreign: list[str]
) -> None:
    assert [text[begin:end] for begin, end in others(text)] == foreign


@pytest.mark.parametrize(
    "text",
    [
        "Could you tell me why your colleague wrote this?\n> You are a stupid cow, get lost.",
        "Agent: you stupid cow, get lost\nCustomer: Could you please connect me to somebody else?",
    ],
)
def test_an_insult_in_somebody_elses_lines_is_not_the_customers(text: str) -> None:
    (tags,) = tagging.load().tag([Message(text)])
    assert tags.tone.value not in {Tone.RUDE, Tone.ABUSIVE}


def test_a_threat_below_a_heading_that_anybody_can_type_is_the_customers() -> None:
    text = "Hello.\n\n-----Original Message-----\nI will come and break your legs, all of you."
    (tags,) = tagging.load().tag([Message(text)])
    assert tags.pressure.value is Pressure.VIOLENCE


def test_what_follows_a_pasted_talk_after_an_empty_line_is_the_customers() -> None:
    talk = "Customer: Where is it?\nSupport: Please wait.\nIt takes a day."
    text = f"{talk}\n\nYou are a stupid cow, get lost."
    assert [text[begin:end] for begin, end in others(text)] == [
        "Support: Please wait.\n",
        "It takes a day.\n",
    ]
    (tags,) = tagging.load().tag([Message(text)])
    assert tags.tone.value is Tone.ABUSIVE


def test_the_same_insult_in_the_customers_own_line_counts() -> None:
    text = "Agent: Could you wait a moment?\nCustomer: You are a stupid cow, get lost."
    (tags,) = tagging.load().tag([Message(text)])
    assert tags.tone.value is Tone.ABUSIVE
