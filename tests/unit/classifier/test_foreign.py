# ruff: noqa: RUF001 - letters that look like those of another script are the subject here
"""A message that the tagger cannot read is answered by people; of it nothing is claimed."""

from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID

import pytest

from services.classifier import tagging
from services.classifier.handlers import classified, message_of
from services.classifier.tagging import Message, Tagger
from services.classifier.tagging.lists import Lists
from services.classifier.tagging.weights import Weights
from services.classifier.training.__main__ import MODEL
from services.classifier.training.corpus import FRAGMENTS
from services.classifier.training.written import FOLDER, written
from services.decision.merits.decide import decide
from services.decision.merits.known import Known
from services.decision.merits.outcome import Referred
from services.decision.policy.loading import load
from shared.events.base import Money
from shared.events.case import Category, Channel, Customer, Facts
from shared.events.catalogue import CaseSubmitted
from shared.events.tags import Evidence, Fault, Flag, Pressure, Tags, Tone

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
DAY = timedelta(days=1)

FOREIGN = [
    "Guten Tag, ich habe gestern Geld überwiesen und es ist nicht angekommen.",
    "Wo ist mein Geld?",
    "Bonjour, mon virement n'est pas arrivé et je suis très inquiet.",
    "¿Dónde está mi dinero?",
    "Vorrei il rimborso della commissione addebitata.",
    "Bom dia, minha transferência não chegou.",
    "Ik wil de kosten terug die jullie hebben afgeschreven.",
    "Prosím o vrácení poplatku, který jste mi strhli.",
    "Bună ziua, unde sunt banii mei?",
    "Jó napot, az utalásom nem érkezett meg.",
    "Bu ücreti neden aldınız, iade istiyorum.",
    "Labas, kur mano pinigai?",
    "Xin chào, tôi chưa nhận được tiền chuyển khoản.",
    "Здравейте, моят превод не е пристигнал.",
    "Добар дан, где је мој новац?",
    "Дзе мае грошы? Чаму няма адказу?",
    "Калі вернеце грошы? Прашу разгледзець маю скаргу хутчэй.",
    "Я не атрымаў пераклад, хоць вы абяцалі ўчора.",
    "Картка не працуе ўжо тры дні, я вельмі расчараваны",
    "Искам да знам защо картата ми е блокирана от вчера.",
    "Платих навреме, но вие начислихте лихва.",
    "Върнете ми таксата, която удържахте два пъти!",
    "Сәлеметсіз бе, менің ақшам қайда?",
    "您好,我的转账还没有到账。",
    "مرحبا، لم تصل حوالتي بعد",
    "שלום, ההעברה שלי לא הגיעה",
    "Γεια σας, η μεταφορά μου δεν έφτασε.",
    "こんにちは、送金が届きません",
    "Habari, pesa zangu hazijafika kwenye akaunti yangu bado tangu jana",
    "asdf qwer zxcv uiop hjkl bnmp tyui ghjk",
    "Vui lòng hoàn tiền",
    "Prelucrarea plății a eșuat, vă rog",
    "Ich bringe dich um, ihr Idioten",
    "12345 67",
    "!!! ???",
]
READ = [
    ("Hi", "en"),
    ("b", "en"),
    ("Refund now", "en"),
    ("Yöu are thïeves, gïve me my money", "en"),
    ("Herr Müller, Müggelstraße: the card was charged twice", "en"),
    ("Your clerk Hans said “nicht möglich” to me", "en"),
    ("Paid at Das Haus in Berlin, the card was charged twice by Uber and Café de Paris", "en"),
    ("Τhe fее іs wrоng, plеаsе give my mоney bасk", "en"),
    ("ｔｈｅ　ｆｅｅ　ｉｓ　ｗｒｏｎｇ", "en"),
    ("барыг вівця: I paid a day late, that was my mistake. Please waive the fee.", "en"),
    ("Oddajcie pieniądze", "pl"),
    ("Następnemu, kto rzuci słuchawką, poderżnę gardło", "pl"),
    ("Wczoraj wpłaciłam zaległą ratę kredytową, dołączam potwierdzenie, czekam cierpliwie", "pl"),
    ("Верните деньги", "ru"),
    ("Поверніть гроші", "uk"),
    ("Шо за діла, я вже три дня жду перевод, скільки можна, верніть пожалуста", "uk"),
    ("Верните деньги, бо я вже не можу ждать, ну шо таке", "uk"),
    ("Объявление, подъезд и объём: это не платёж", "ru"),
    ("Наступному, хто кине слухавку, горло переріжу.", "uk"),
]


@cache
def tagger() -> Tagger:
    return tagging.load()


def tag(text: str) -> Tags:
    return tagger().tag([Message(text)])[0]


@pytest.mark.parametrize("text", FOREIGN)
def test_a_message_in_another_language_claims_nothing_and_says_why(text: str) -> None:
    tags = tag(text)
    assert tags.language == "und"
    assert tags.fault.value is Fault.UNCLEAR
    assert (tags.tone.value, tags.pressure.value) == (Tone.COURTEOUS, Pressure.NONE)
    assert max(tags.tone.confidence, tags.pressure.confidence, tags.fault.confidence) <= 0.25
    why = Evidence(target="fault", value="unclear", source="rule:language_not_read")
    assert tags.evidence[0] == why


@pytest.mark.parametrize(("text", "language"), READ)
def test_a_message_in_one_of_the_four_is_read_whatever_names_and_letters_it_holds(
    text: str, language: str
) -> None:
    assert tag(text).language == language


@pytest.mark.parametrize("language", ["en", "pl", "ru", "uk"])
def test_none_of_thousands_of_short_messages_is_taken_for_foreign(language: str) -> None:
    lines = (FRAGMENTS / f"{language}.txt").read_text("utf-8").splitlines()
    texts = [line for line in lines if line.strip() and not line.startswith("#")]
    tagged = tagger().tag([Message(text) for text in texts])
    assert len(texts) > 1000
    assert [text for text, tags in zip(texts, tagged, strict=True) if tags.language == "und"] == []


def test_of_thousands_of_written_cases_none_is_taken_for_foreign() -> None:
    cases = written(FOLDER)[::5]
    tagged = tagger().tag([case.message for case in cases])
    assert len(cases) > 1000
    pairs = zip(cases, tagged, strict=True)
    assert [case.id for case, tags in pairs if tags.language == "und"] == []


def test_company_changes_nothing_about_what_is_foreign() -> None:
    texts = [*FOREIGN, *(text for text, _ in READ)]
    together = tagger().tag([Message(text) for text in texts])
    weights, lists = Weights.read(MODEL), Lists.read()
    assert [tags.language for tags in together] == [
        Tagger(weights, lists).tag([Message(text)])[0].language for text in texts
    ]


def test_a_danger_told_in_another_language_still_reaches_people_first() -> None:
    text = "Ich habe Geld überwiesen und mein Konto ist leer. I will kill myself. Warum nicht?"
    tags = tag(text)
    assert tags.language == "und"
    assert Flag.SAFETY in {flag.value for flag in tags.flags}
    assert ("flags", "safety") in {(proof.target, proof.value) for proof in tags.evidence}


@pytest.mark.parametrize(
    ("category", "facts"),
    [
        (Category.FEE_DISPUTE, Facts()),
        (Category.INFORMATION, Facts()),
        (Category.OTHER, Facts()),
        (Category.MISSED_DUE_DATE, Facts(due_at=AT, paid_at=AT)),
        (Category.SERVICE_DELAY, Facts(promised_by=AT - DAY, delivered_at=AT)),
        (Category.FRAUD, Facts(authorised=False)),
    ],
)
@pytest.mark.parametrize("text", FOREIGN[:5])
def test_a_message_that_nobody_can_read_goes_to_a_person_whatever_facts_prove(
    text: str, category: Category, facts: Facts
) -> None:
    case = CaseSubmitted(
        case_id=UUID(int=1),
        customer_id="C-1",
        customer=Customer(id="C-1"),
        channel=Channel.WEB,
        category=category,
        text=text,
        claim=Money.model_validate({"amount": "5", "currency": "EUR"}),
        facts=facts,
        received_at=AT,
        accepted_at=AT,
    )
    outcome = decide(classified(case, tagger().tag([message_of(case)])[0]), Known(), load(None))
    assert isinstance(outcome, Referred)
    assert outcome.reason == "language_not_read"


def test_no_word_of_the_tagger_s_own_lists_counts_as_foreign() -> None:
    known = tagger()
    words = Lists.read()
    assert words.concepts
    for text in ("idiots", "kretyni", "идиоты", "ідіоти", "ombudsman", "rzecznik"):
        assert known.tag([Message(text)])[0].language != "und"
