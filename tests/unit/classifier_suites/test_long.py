# ruff: noqa: RUF001 - Cyrillic samples
"""Length hides nothing and makes up nothing: what counts are the strongest words of a message."""

import time
from functools import cache

import pytest

from services.classifier import tagging
from services.classifier.tagging import Message, Tagger
from shared.events.tags import Flag, Pressure, Tags, Tone

CALM = {
    "en": (
        "Good morning.",
        "I am writing about the transfer I made in September to my landlord.",
        "My statement shows the fee on two lines, once on the third and once on the fifth.",
        "I would like to understand how it was worked out.",
        "The app shows only the total, and the help page did not mention it.",
        "I kept a copy of the receipt and I can send it if that is useful.",
        "I also noticed that the exchange rate was not the one on your page.",
        "It may be that I misread it, as the page changes every hour.",
        "I have been with you since 2011 and have never had a problem of this kind.",
        "Please let me know what you need from me.",
        "I am at home most evenings after six.",
    ),
    "ru": (
        "Добрый день.",
        "Пишу по поводу перевода, который я сделал в сентябре хозяину квартиры.",
        "В выписке комиссия стоит двумя строками, третьего и пятого числа.",
        "Хотелось бы понять, как она посчитана.",
        "В приложении видна только общая сумма, а на странице помощи об этом не сказано.",
        "Квитанцию я сохранил и могу прислать.",
        "Ещё я заметил, что курс был другой, чем у вас на странице.",
        "Возможно, я неверно прочитал, она меняется каждый час.",
        "Я у вас с 2011 года и таких вопросов раньше не было.",
        "Напишите, пожалуйста, что нужно от меня.",
        "Вечером я обычно дома.",
    ),
    "uk": (
        "Доброго дня.",
        "Пишу щодо переказу, який я зробив у вересні власникові квартири.",
        "У виписці комісія стоїть двома рядками, третього і п'ятого числа.",
        "Хотілося б зрозуміти, як її пораховано.",
        "У застосунку видно лише загальну суму, а на сторінці допомоги про це не сказано.",
        "Квитанцію я зберіг і можу надіслати.",
        "Ще я помітив, що курс був не той, що у вас на сторінці.",
        "Можливо, я неправильно прочитав, він змінюється щогодини.",
        "Я у вас із 2011 року, і таких питань раніше не було.",
        "Напишіть, будь ласка, що потрібно від мене.",
        "Увечері я зазвичай вдома.",
    ),
    "pl": (
        "Dzień dobry.",
        "Piszę w sprawie przelewu, który zrobiłem we wrześniu do właściciela mieszkania.",
        "Na wyciągu opłata stoi w dwóch wierszach, raz trzeciego, a raz piątego.",
        "Chciałbym zrozumieć, jak została policzona.",
        "W aplikacji widać tylko sumę, a strona pomocy o tym nie mówi.",
        "Potwierdzenie zachowałem i mogę je przesłać.",
        "Zauważyłem też, że kurs był inny niż na Państwa stronie.",
        "Możliwe, że źle odczytałem, zmienia się co godzinę.",
        "Jestem klientem od 2011 roku i nigdy nie miałem takiego kłopotu.",
        "Proszę napisać, czego Państwo ode mnie potrzebują.",
        "Wieczorami jestem w domu.",
    ),
}
THREATS = {
    "en": (
        "I will come to your branch and break the cashier's legs.",
        "I will set your office on fire tonight.",
        "I am going to come over and break your jaw.",
        "I will kill your manager.",
        "My brother and I will beat your cashier with a bat.",
        "I'll smash the windows of your branch with a hammer.",
        "I will stab the next guard who touches me.",
        "I'm going to blow up your cash machine.",
        "I know where you live and I will hurt you.",
    ),
    "ru": (
        "Приду и сломаю вашей кассирше ноги.",
        "Сегодня ночью подожгу ваш офис.",
        "Приду и сломаю тебе челюсть.",
        "Я убью вашего менеджера.",
        "Мы с братом изобьём вашу кассиршу битой.",
        "Разобью окна вашего отделения молотком.",
        "Зарежу следующего охранника.",
        "Взорву ваш банкомат.",
        "Знаю, где ты живёшь, и покалечу тебя.",
    ),
    "uk": (
        "Прийду і зламаю вашій касирці ноги.",
        "Сьогодні вночі підпалю ваш офіс.",
        "Прийду і зламаю тобі щелепу.",
        "Я вб'ю вашого менеджера.",
        "Ми з братом поб'ємо вашу касирку битою.",
        "Розіб'ю вікна вашого відділення молотком.",
        "Заріжу наступного охоронця.",
        "Підірву ваш банкомат.",
        "Знаю, де ти живеш, і покалічу тебе.",
    ),
    "pl": (
        "Przyjdę do oddziału i połamię kasjerce nogi.",
        "Dziś w nocy podpalę wasze biuro.",
        "Przyjdę i złamię ci szczękę.",
        "Zabiję waszego kierownika.",
        "Pobijemy z bratem waszą kasjerkę kijem.",
        "Rozbiję szyby waszego oddziału młotkiem.",
        "Zadźgam następnego ochroniarza.",
        "Wysadzę wasz bankomat.",
        "Wiem, gdzie mieszkasz, i połamię ci nogi.",
    ),
}
INSULTS = {
    "en": (
        "You stupid brainless pigs.",
        "You are a bunch of useless clowns.",
        "You are all idiots and crooks.",
        "Your manager is a filthy bastard.",
        "Only a moron could answer like that, and your bank is full of them.",
        "Shame on you, you pathetic parasites.",
        "You people are scum.",
        "Your clerk is a lazy cow who should be scrubbing floors.",
    ),
    "ru": (
        "Тупые безмозглые свиньи.",
        "Вы сборище бесполезных клоунов.",
        "Вы все идиоты и жулики.",
        "Ваш начальник мерзкий ублюдок.",
        "Так ответить мог только дебил, а у вас их полный банк.",
        "Постыдились бы, жалкие паразиты.",
        "Вы отбросы.",
        "Ваша кассирша жирная корова, ей полы мыть.",
    ),
    "uk": (
        "Тупі безмозкі свині.",
        "Ви зборище нікчемних клоунів.",
        "Ви всі ідіоти і шахраї.",
        "Ваш начальник мерзенний виродок.",
        "Так відповісти міг тільки дебіл, а у вас їх повний банк.",
        "Посоромилися б, жалюгідні паразити.",
        "Ви покидьки.",
        "Ваша касирка жирна корова, їй підлогу мити.",
    ),
    "pl": (
        "Wy tępe, bezmózgie świnie.",
        "Jesteście bandą bezużytecznych klaunów.",
        "Wszyscy jesteście idiotami i oszustami.",
        "Wasz kierownik to obrzydliwy skurwysyn.",
        "Tak odpowiedzieć mógł tylko debil, a wasz bank jest ich pełen.",
        "Wstydźcie się, żałosne pasożyty.",
        "Jesteście śmieciami.",
        "Wasza kasjerka to gruba krowa, niech podłogi myje.",
    ),
}
HARSH = frozenset({Tone.RUDE, Tone.ABUSIVE})
ENOUGH = 0.8


@cache
def tagger() -> Tagger:
    return tagging.load()


def tagged(*texts: str) -> list[Tags]:
    return tagger().tag([Message(text) for text in texts])


def among(line: str, language: str, sentences: int) -> list[str]:
    """Set a line after, before and between so many calm sentences."""
    calm = CALM[language][:sentences]
    return [" ".join([*calm[:at], line, *calm[at:]]) for at in (0, (sentences + 1) // 2, sentences)]


@pytest.mark.parametrize("sentences", [3, 11])
@pytest.mark.parametrize("language", THREATS)
def test_a_threat_among_calm_sentences_is_found(language: str, sentences: int) -> None:
    texts = [text for line in THREATS[language] for text in among(line, language, sentences)]
    missed = [
        text
        for text, tags in zip(texts, tagged(*texts), strict=True)
        if tags.pressure.value is not Pressure.VIOLENCE
    ]
    assert len(missed) <= (1 - ENOUGH) * len(texts), missed


@pytest.mark.parametrize("sentences", [3, 11])
@pytest.mark.parametrize("language", INSULTS)
def test_an_insult_among_calm_sentences_is_found(language: str, sentences: int) -> None:
    texts = [text for line in INSULTS[language] for text in among(line, language, sentences)]
    missed = [
        text
        for text, tags in zip(texts, tagged(*texts), strict=True)
        if tags.tone.value not in HARSH
    ]
    assert len(missed) <= (1 - ENOUGH) * len(texts), missed


@pytest.mark.parametrize("language", CALM)
def test_a_threat_to_a_body_is_a_danger_however_much_stands_around_it(language: str) -> None:
    line = THREATS[language][0]
    for text in (line, *among(line, language, 3), *among(line, language, 11)):
        (tags,) = tagged(text)
        assert tags.pressure.value is Pressure.VIOLENCE
        assert Flag.SAFETY in {flag.value for flag in tags.flags}
        (shown,) = [proof for proof in tags.evidence if proof.target == "pressure"]
        begin = text.index(line)
        assert (shown.start or 0) < begin + len(line)
        assert (shown.end or 0) > begin


@pytest.mark.parametrize("language", CALM)
@pytest.mark.parametrize("times", [1, 2, 4, 8])
def test_a_polite_letter_stays_polite_however_long(language: str, times: int) -> None:
    (tags,) = tagged(" ".join(CALM[language] * times))
    assert (tags.tone.value, tags.pressure.value) == (Tone.COURTEOUS, Pressure.NONE)
    assert not {flag.value for flag in tags.flags} & {Flag.SAFETY, Flag.VULNERABLE}


def test_a_long_message_says_the_same_alone_and_in_any_batch() -> None:
    texts = [" ".join([*CALM[language], THREATS[language][0]]) for language in CALM]
    texts += ["Hello.", " ".join(CALM["en"] * 3), "", "You idiots!"]
    assert tagged(*texts) == [tagged(text)[0] for text in texts]


def test_the_longest_message_is_answered_quickly() -> None:
    text = " ".join([*CALM["en"] * 30, THREATS["en"][0]])[:20_000]
    tagged(text)
    began = time.process_time()
    (tags,) = tagged(text)
    assert time.process_time() - began < 1
    assert tags.pressure.value is Pressure.VIOLENCE
