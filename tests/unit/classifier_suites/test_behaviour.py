# ruff: noqa: RUF001 - Cyrillic samples
"""What the tagger must do on plain wording; greetings apart, none of it was trained on."""

import pytest

from services.classifier.tagging import Tier
from shared.events.tags import Flag, Pressure, Tags, Tone
from tests.unit.classifier_suites.tiers import TIERS, tagged

THREATS = {
    "en": (
        "I am going to come over and break your jaw.",
        "If the money is not back by noon I will set your office on fire.",
        "I will kill your manager.",
        "My brother and I will beat your cashier with a bat.",
        "Next week I come with a gun.",
        "I'll smash the windows of your branch with a hammer.",
        "You will bleed for this.",
        "I will stab the next guard who touches me.",
        "I'm going to blow up your cash machine.",
        "I know where you live and I will hurt you.",
    ),
    "ru": (
        "Приду и сломаю тебе челюсть.",
        "Не вернёте до обеда, подожгу ваш офис.",
        "Я убью вашего менеджера.",
        "Мы с братом изобьём вашу кассиршу битой.",
        "На той неделе приду с ружьём.",
        "Разобью окна вашего отделения молотком.",
        "Вы за это кровью ответите.",
        "Зарежу следующего охранника.",
        "Взорву ваш банкомат.",
        "Знаю, где ты живёшь, и покалечу тебя.",
    ),
    "uk": (
        "Прийду і зламаю тобі щелепу.",
        "Не повернете до обіду, підпалю ваш офіс.",
        "Я вб'ю вашого менеджера.",
        "Ми з братом поб'ємо вашу касирку битою.",
        "Того тижня прийду з рушницею.",
        "Розіб'ю вікна вашого відділення молотком.",
        "Ви за це кров'ю відповісте.",
        "Заріжу наступного охоронця.",
        "Підірву ваш банкомат.",
        "Знаю, де ти живеш, і покалічу тебе.",
    ),
    "pl": (
        "Przyjdę i złamię ci szczękę.",
        "Nie oddacie do południa, podpalę wasze biuro.",
        "Zabiję waszego kierownika.",
        "Pobijemy z bratem waszą kasjerkę kijem.",
        "W przyszłym tygodniu przyjdę ze strzelbą.",
        "Rozbiję szyby waszego oddziału młotkiem.",
        "Zapłacicie za to krwią.",
        "Zadźgam następnego ochroniarza.",
        "Wysadzę wasz bankomat.",
        "Wiem, gdzie mieszkasz, i zrobię ci krzywdę.",
    ),
}
ENOUGH = 0.8

PLAIN = (
    "b",
    "Hello",
    "ok",
    "Thanks!",
    "Good morning, when are you open?",
    "Please send me a statement for May.",
    "Спасибо.",
    "Здравствуйте, какой у меня лимит?",
    "Дякую.",
    "Доброго дня, який у мене ліміт?",
    "Dzień dobry.",
    "Jaki mam limit na karcie?",
)
HARMLESS = (
    "Your clerk called me an idiot in front of everybody. Please look into it.",
    'The guard said "get lost, you old cow" to me. I ask for an apology.',
    "I am such an idiot, I paid the wrong bill. Sorry for the trouble.",
    "What a fool I am, I mixed up the dates.",
    "The scammer is a disgusting bastard and I hope they catch him.",
    "Кассир назвала меня дурой, прошу разобраться.",
    "Какой же я дурак, перепутал даты. Простите за беспокойство.",
    "Касирка назвала мене дурепою, прошу розібратися.",
    "Який же я дурень, переплутав дати. Вибачте за клопіт.",
    "Kasjerka nazwała mnie idiotką, proszę to wyjaśnić.",
    "Ale ze mnie głupek, pomyliłem daty. Przepraszam za kłopot.",
)
FIGURES_OF_SPEECH = (
    "Your waiting line is killing me.",
    "I could murder a coffee while I wait for your reply.",
    "I would kill for a lower rate.",
    "Эта очередь меня убивает.",
    "Умираю от любопытства, когда придёт карта.",
    "Ця черга мене вбиває.",
    "Umieram z ciekawości, kiedy przyjdzie karta.",
)
FURIOUS_AND_VULNERABLE = (
    "I am in chemotherapy, you useless clowns, and you make me queue for hours!!!",
    "My husband died last month and you thieves still write to him, shame on you!",
    "Я после инсульта и не могу ходить, а вы, идиоты, гоняете меня по отделениям!",
    "Чоловік помер, троє дітей, нема на їжу, а ви, бездушні тварюки, берете пеню!",
    "Mąż zmarł, nie mam za co kupić leków, a wy, złodzieje, bierzecie opłaty!!!",
)


def tag(text: str, tier: Tier) -> Tags:
    return tagged([text], tier)[0]


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("language", THREATS)
def test_direct_threats_are_found(language: str, tier: Tier) -> None:
    threats = THREATS[language]
    found = sum(tags.pressure.value is Pressure.VIOLENCE for tags in tagged(threats, tier))
    assert found / len(threats) >= ENOUGH


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("text", PLAIN)
def test_short_and_plain_messages_get_the_defaults(text: str, tier: Tier) -> None:
    tags = tag(text, tier)
    assert (tags.tone.value, tags.pressure.value) == (Tone.COURTEOUS, Pressure.NONE)
    assert tags.flags == ()


@pytest.mark.parametrize("tier", TIERS)
def test_words_that_are_not_aimed_at_the_bank_are_no_abuse(tier: Tier) -> None:
    found = zip(HARMLESS, tagged(HARMLESS, tier), strict=True)
    wrong = [text for text, tags in found if tags.tone.value is Tone.ABUSIVE]
    assert len(wrong) <= 2, wrong


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("text", FIGURES_OF_SPEECH)
def test_a_figure_of_speech_is_no_threat(text: str, tier: Tier) -> None:
    assert tag(text, tier).pressure.value is not Pressure.VIOLENCE


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("text", FURIOUS_AND_VULNERABLE)
def test_the_furious_stay_vulnerable(text: str, tier: Tier) -> None:
    tags = tag(text, tier)
    assert tags.tone.value is not Tone.COURTEOUS
    assert Flag.VULNERABLE in {flag.value for flag in tags.flags}


@pytest.mark.xfail(reason="the short words and single letters of both are called pl", strict=False)
@pytest.mark.parametrize("text", ["Do it today, or else.", "y o u  i d i o t s"])
def test_a_short_message_keeps_its_language(text: str) -> None:
    assert tag(text, "fast").language == "en"
