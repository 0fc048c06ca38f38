# ruff: noqa: RUF001 - names and addresses in four languages are the subject here
"""Personal data is covered where it stands; everything else keeps its place, letter by letter."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.masking import masked

COVERED = [
    ("write to anna.nowak+bank@mail.example.co.uk today", "anna.nowak+bank@mail.example.co.uk"),
    ("see https://bank.example/u/123?x=1 please", "https://bank.example/u/123?x=1"),
    ("call +48 600 700 800 now", "+48 600 700 800"),
    ("call (22) 555-12-34 now", "(22) 555-12-34"),
    ("мой номер 8 (916) 123-45-67, жду", "8 (916) 123-45-67"),
    ("телефон 0501234567", "0501234567"),
    ("card 4111 1111 1111 1111 was", "4111 1111 1111 1111"),
    ("card 4111-1111-1111-1111 was", "4111-1111-1111-1111"),
    ("PL61 1090 1014 0000 0712 1981 2874 is mine", "PL61 1090 1014 0000 0712 1981 2874"),
    ("iban de89370400440532013000", "de89370400440532013000"),
    ("konto 61109010140000071219812874", "61109010140000071219812874"),
    ("рахунок UA213223130000026007233566001", "UA213223130000026007233566001"),
    ("I live at 12 Elm Tree Road, Leeds", "12 Elm Tree Road"),
    ("London SW1A 1AA", "SW1A 1AA"),
    ("mieszkam na ul. Długa 15/3", "ul. Długa 15/3"),
    ("00-950 Warszawa", "00-950"),
    ("живу ул. Ленина, д. 5, кв. 12 давно", "ул. Ленина, д. 5, кв. 12"),
    ("вул. Хрещатик, 10 у Києві", "вул. Хрещатик, 10"),
    ("My name is Anna Nowak and", "Anna Nowak"),
    ("I am John Smith, a customer", "John Smith"),
    ("Меня зовут Иванов Иван Петрович", "Иванов Иван Петрович"),
    ("Мене звати Олена Коваль, так", "Олена Коваль"),
    ("Nazywam się Jan Kowalski i", "Jan Kowalski"),
    ("Best.\nKind regards,\nHelen Marsh-Jones", "Helen Marsh-Jones"),
    ("Pozdrawiam\nJan", "Jan"),
    ("С уважением, Анна Петрова", "Анна Петрова"),
    ("З повагою,\r\nОлена", "Олена"),
    ("your clerk Anna Nowak said", "Anna Nowak"),
    ("your Mr O'Brien said", "O'Brien"),
    ("ваша співробітниця Марія кричала", "Марія"),
    ("wasza konsultantka Maria Zając mnie", "Maria Zając"),
    ("спросите Сидорова Петра Ивановича там", "Сидорова Петра Ивановича"),
    ("card 4111.1111.1111.1111 was", "4111.1111.1111.1111"),
    ("card 4111/1111/1111/1111 was", "4111/1111/1111/1111"),
    ("card 4111\u200b1111\u202f1111\u20111111 was", "4111\u200b1111\u202f1111\u20111111"),
    ("IBAN DE89.3704.0044.0532.0130.00", "DE89.3704.0044.0532.0130.00"),
    ("tel.600700800 now", "600700800"),
    ("tel 600.700.800 now", "600.700.800"),
    ("call 212.555.0123 now", "212.555.0123"),
    ("call 600700800asap", "600700800"),
    ("Passport AB1234567 was stolen", "AB1234567"),
    ("dowód osobisty ABC 123456 zginął", "ABC 123456"),
    ("паспорт КС 123456 украден", "КС 123456"),
    ("паспорт серия 45 10 № 123456 выдан", "45 10 № 123456"),
    ("my NI number is QQ 12 34 56 C ok", "QQ 12 34 56 C"),
    ("licence MORGA657054SM9IJ of mine", "MORGA657054SM9IJ"),
    ("umowa nr 2024/11/12345 z banku", "2024/11/12345"),
    ("the cvv 123 and", "123"),
    ("my PIN is 4821 and", "4821"),
    ("born on 12 March 1985 in", "12 March 1985"),
    ("date of birth: 1985-03-12 is", "1985-03-12"),
    ("ur. 12.03.1985 w Krakowie", "12.03.1985"),
    ("дата рождения 12 марта 1985 г.", "12 марта 1985"),
    ("народилася 12.03.1985 у", "12.03.1985"),
    ("anna.nowak at example dot com please", "anna.nowak at example dot com"),
    ("nowak(at)gmail.com please", "nowak(at)gmail.com"),
    ("login: anowak85 does not", "anowak85"),
    ("from 192.168.10.15 they", "192.168.10.15"),
    ("my name is anna nowak and", "anna nowak"),
    ("меня зовут иван иванов и", "иван иванов"),
    ("Мене звуть Олена, так", "Олена"),
    ("I'm Anna. You", "Anna"),
    ("I, John Smith, demand", "John Smith"),
    ("Ja, Anna Nowak, żądam", "Anna Nowak"),
    ("Ja niżej podpisana Anna Nowak żądam", "Anna Nowak"),
    ("my husband Piotr Nowak paid", "Piotr Nowak"),
    ("мой муж Пётр звонил", "Пётр"),
    ("I paid.\nKind regards Anna Nowak", "Anna Nowak"),
    ("I paid.\n\nAnna Nowak\n", "Anna Nowak"),
    ("I paid.\n--\nAnna", "Anna"),
    ("teraz mieszkam przy Długiej 15 od", "mieszkam przy Długiej 15"),
    ("plac Wolności 3 w", "plac Wolności 3"),
    ("101000, Москва", "101000"),
    ("New York, NY 10118", "NY 10118"),
]
LEFT = [
    "You took 10 000 000 zł on 2026-10-31 and 1 250.50 EUR at 12:30.",
    "€ 5000000 and 12345678 UAH between 2024-2025, on 31.10.2026 and 31-10-2026",
    "I go to the Financial Ombudsman and Rzecznik Finansowy. The PIN was right.",
    "Dear Sir or Madam, Dear Team, Hello, I paid. Thank you, I wait.",
    "Your clerk called me an idiot and the manager The Great laughed.",
    "Your clerk told me on Monday that Visa and Santander are slow.",
    "Пан директор кричав, заплатив 150000 грн 5 разів.",
    "You took 1.250.000 PLN, 1.250,50 EUR and PLN 150000 by contract on 31.10.2026 12:30.",
    "I paid on 31.10.2026 12.50 EUR, on 2026/10/31 and 15000, then EUR 1234567.",
    "Я ОЧЕНЬ ЗОЛ! This is TOTAL BULLSHIT. I AM FURIOUS. Это ПОЗОР, Я ТРЕБУЮ.",
    "You @sshole, I want my money.\nGO TO HELL",
    "I am upset, my name is not the point, my password is wrong and the code is too.",
    "Since I was born you have had 12 branches; my passport is valid.",
]


@pytest.mark.parametrize(("text", "private"), COVERED)
def test_what_tells_who_somebody_is_is_covered_in_its_place(text: str, private: str) -> None:
    covered = masked(text)
    begin = text.index(private)
    end = begin + len(private)
    assert not any(word in covered for word in private.split() if len(word) > 2)
    assert covered[:begin] == text[:begin]
    assert covered[end:] == text[end:]


@pytest.mark.parametrize("text", LEFT)
def test_sums_dates_and_institutions_stay(text: str) -> None:
    assert masked(text) == text


def test_what_the_bank_knows_of_its_customer_is_covered_in_every_ending() -> None:
    known = ("Anna Nowak", "C-1029", "anna@example.com", "+48600700800")
    text = "anna nowak, Annie Nowakowej, NOWAK, c-1029: ANNA@example.com +48600700800 planned"
    covered = masked(text, known)
    for word in ("nowak", "ann", "1029", "example", "600"):
        assert word not in covered.casefold().replace("planned", "")
    assert covered.endswith("planned")
    assert masked("12 EUR of C12", ("12",)) == "12 EUR of C12", "a short id is left alone"
    assert masked("Mark sold it at the market", ("Mark Twain",)) == "NAME sold it at the market"


@given(st.text(), st.lists(st.text(max_size=20), max_size=3))
def test_a_covered_text_is_as_long_and_what_is_left_stands_where_it_stood(
    text: str, known: list[str]
) -> None:
    covered = masked(text, known)
    assert len(covered) == len(text)
    for was, now in zip(text, covered, strict=True):
        assert now in {was, "_"} or now.isupper()


_PIECES = [
    "1.",
    "11/",
    "born ",
    "PIN ",
    "my name is ",
    "a at ",
    "AA ",
    "@1",
    "passport ",
    "Aa Aa\n",
]
_PIECES += ["a@", "1 ", "1", "Anna ", "ul. Anna ", "a-", "\n", "A", "1 Aa ", "www.", "AA11 ", "Mr "]


@pytest.mark.parametrize("piece", [*_PIECES, "regards,\n", "Петрович ", "00-950 ", "(1"])
def test_time_grows_no_faster_than_the_text(piece: str) -> None:
    """Sixteen times the text may cost 64 times the time; squared time would be 256 times."""

    def cpu_seconds(length: int) -> float:
        text = piece * (length // len(piece))
        began = time.process_time()
        masked(text, ("Anna Nowak",))
        return time.process_time() - began

    assert cpu_seconds(160_000) < 64 * cpu_seconds(10_000) + 0.3
