# ruff: noqa: RUF001 - the patterns hold letters of four languages
"""What personal data looks like: names where they are announced, addresses, numbers of documents.

Invariant: every pattern is bounded, so that the time grows with the length of the text only.
"""

import re
from typing import Final

UPPER: Final = "A-ZĄĆĘŁŃÓŚŹŻÀ-ÖØ-ÞА-ЯЁІЇЄҐ"
LETTER: Final = r"[^\W\d_]"
_NAME: Final = rf"(?:[{UPPER}](?:{LETTER}|['’ʼ-]){{1,30}}|[{UPPER}]\.)"
_NAMES: Final = rf"{_NAME}(?:[ \t]{{1,2}}{_NAME}){{0,3}}"
_GAP: Final = r"[ \t]{0,3}"

_MONTH: Final = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sty|lut|kwi|maj|cze|lip|sie|wrz|paź|lis"
    r"|gru|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек|січ|лют|бер|кві|тра|чер|лип|сер|вер|жов"
    rf"|лис|гру){LETTER}{{0,9}}"
)
_BIRTHDAY: Final = (
    r"(?:\d{1,4}[./-]\d{1,2}[./-]\d{2,4}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?[ ]{_MONTH}[ ,]{{1,2}}\d{{4}}"
    rf"|{_MONTH}[ ]\d{{1,2}}[ ,]{{1,2}}\d{{4}})"
)
_BORN: Final = (
    r"\bborn|\bbirth|\bDOB|\bD\.O\.B|\bur\.|\burodz|\brocznik"
    r"|\bрод(?:ил|ом)|рождени|народ[жи]|\bд\.[ ]?р\."
)
_DOCUMENT: Final = (
    r"\b(?:passport|paszport|паспорт|dow[oó]d(?:u|em)?(?:[ ]osobist(?:y|ego|ym))?"
    r"|ID[ ]card|identity[ ]card"
    r"|driv(?:ing|er['’]?s)[ ]licen[cs]e|prawo[ ]jazdy|водительск|посвідчення|удостоверени"
    r"|national[ ]insurance|NI[ ]n(?:umber|o)|NINO|SSN|social[ ]security|tax[ ]id|PESEL|NIP|REGON"
    r"|ИНН|СНИЛС|ІПН|РНОКПП|ЄДРПОУ|policy|polis|polisa|полис|договор|договір|umow[ay]|contract"
    rf"|insurance){LETTER}{{0,6}}"
)
_KEPT_CODE: Final = (
    r"\b(?:PIN|CVV2?|CVC2?|OTP|password|passcode|sms[ -]code|has[łl]o|kod(?:[ ]sms)?"
    r"|пароль|пин(?:-?код)?"
    r"|пін(?:-?код)?|код(?:[ ](?:из|з)[ ](?:смс|sms))?)"
)

_CALLED: Final = (
    r"my name is|my name['’]s|i am called|меня зовут|мо[её] имя|мене зв(?:ати|уть)|моє ім['’ʼ]я"
    r"|nazywam się|mam na imię"
)
"""What stands before a name, and before nothing else: also one in small letters."""
_ADDRESSED: Final = (
    r"[Mm]r\.?|[Mm]rs\.?|[Mm]s\.?|[Mm]iss|[Dd]r\.?|[Dd]ear|[Hh]ello|[Hh]i|[Hh]ey"
    r"|(?:clerk|manager|agent|consultant|advis[eo]r|employee|officer)(?: (?:named|called))?"
    r"|undersigned|husband|wife|mother|father|son|daughter|brother|sister|mum|mom|dad|friend"
    r"|муж|жена|мать|мама|отец|папа|сын|дочь|брат|сестра|друг|нижеподписавш(?:ийся|аяся)"
    r"|чоловік|дружина|син|дочка|донька|нижчепідписан(?:ий|а)"
    r"|mąż|mężem|męża|żona|żoną|żony|matka|mama|ojciec|tata|syn|córka|siostra|podpisan[ya]"
    r"|[Гг]-н|[Гг]-жа|[Гг]осподин|[Гг]оспожа|[Уу]важаем(?:ый|ая)"
    r"|менеджер|оператор|сотрудни(?:к|ца)|специалист|консультант|кассир|работник"
    r"|[Пп]ан[еі]?|[Шш]ановн(?:ий|а)"
    r"|[Пп]рацівни(?:к|ця)|співробітни(?:к|ця)|спеціаліст|касир(?:ка)?"
    r"|[Pp]ani?|[Pp]an(?:em|a|u)|[Ss]zanown[ya]"
    r"|konsultant(?:ka)?|doradca|doradczyni|kierowni(?:k|czka)|pracowni(?:k|ca)|kasjer(?:ka)?"
)
"""What stands before a name."""
_INTRODUCED: Final = r"I am|I['’]m|I,|[Tt]his is|Я,?|Это|Це|[Jj]estem|Ja,?|Tu|Z tej strony"
"""What stands before a name where two words of a name follow."""
_SIGNING: Final = (
    r"[Rr]egards|[Ss]incerely|[Ff]aithfully|[Bb]est wishes|[Yy]ours truly|[Rr]espectfully"
    r"|[Tt]hanks|[Tt]hank you|[Cc]heers|[Bb]est|[Yy]ours|[Ww]ith respect|[Ss]igned"
    r"|[Сс] уважением|[Сс] ув\.|[Сс]пасибо|[Зз] повагою|[Дд]якую"
    r"|[Pp]ozdrawiam|[Zz] poważaniem|[Zz] wyrazami szacunku|[Dd]ziękuję"
)
"""What stands before a signature."""
_PATRONYMIC: Final = (
    rf"[А-ЯЁІЇЄҐ]{LETTER}{{2,20}}(?:ович|евич|йович|ьич|овна|евна|івна|ївна|инична)"
    r"[ауеоіюмй]{0,2}"
)
_STREET: Final = (
    r"(?:(?:ul|al|os|pl|вул|ул|просп|пр|пер|бул|пл|наб)\.|пр-к?т|б-р"
    r"|[Уу]лиц[аеы]|[Вв]улиц[яі]|[Пп]роспект[еі]?|[Шш]оссе|[Пп]лощад[ьи]|[Пп]лощ[аі]|[Пп]ереул(?:ок|ке)"
    r"|[Пп]ровул(?:ок|ку)|[Uu]lica|[Uu]licy|[Aa]lej[ai]|[Pp]lac(?:u)?|[Mm]ieszkam (?:przy|na))"
)
_HOUSE: Final = (
    rf",?[ \t]{{0,2}}(?:д\.|буд\.|m\.|кв\.)?{_GAP}\d{{1,4}}{LETTER}?(?:[ /\\-]\d{{1,4}})?"
)

FORMS: Final = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("EMAIL", r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}"),
        ("LINK", r"(?i:\b(?:https?://|www\.)\S{1,300})"),
        (
            "EMAIL",
            (
                r"(?i:\b[\w.+-]{1,64} ?[(\[] ?(?:at|@|малпа|собака) ?[)\]] ?"
                r"[\w-]{1,63}(?:\.[\w-]{1,63}){0,5})"
            ),
        ),
        (
            "EMAIL",
            r"(?i:\b[\w.+-]{1,64} at [\w-]{1,63}(?: ?[(\[]?dot[)\]]? ?[\w-]{1,63}){1,4})",
        ),
        ("LOGIN", r"(?<!\w)@(?=\w{0,31}[\d_])\w{4,32}"),
        (
            "LOGIN",
            (
                r"(?i:\b(?:login|username|user id|логин|логін|nick)(?: is| to|[:=]){1,2} ?"
                r"(?P<part>\S{3,40}))"
            ),
        ),
        ("HOST", r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"),
        ("BORN", rf"(?i:(?:{_BORN})[^\d\n]{{0,25}}(?P<part>{_BIRTHDAY}))"),
        (
            "PAPER",
            (
                rf"(?i:{_DOCUMENT})[^\d\n.!?]{{0,25}}?"
                r"(?P<part>\b(?:(?![Nn][rRoO]\b)[A-ZА-ЯІЇЄa-zа-я]{1,3}[ -]?)?\d[\dA-Z]{0,20}"
                r"(?:[ /№-]{1,3}\d{1,7}){0,5}(?:[ ]?[A-Z]\b)?)"
            ),
        ),
        ("PAPER", r"\b[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b"),
        ("PAPER", r"\b[A-Z9]{5}\d{6}[A-Z9]{2}\d[A-Z]{2}\b"),
        (
            "PAPER",
            rf"\b(?!(?:EUR|PLN|USD|GBP|UAH|RUB|CHF)[ \d-])[{UPPER}]{{2,3}}[ -]?\d{{6,9}}\b",
        ),
        (
            "CODE",
            (
                rf"(?i:{_KEPT_CODE})(?:[ ](?:is|was|to|code|number|это|це))?"
                r"[ :=-]{1,3}(?P<part>\d{3,8})\b"
            ),
        ),
        ("IBAN", r"(?i:\b[A-Z]{2}\d{2}(?:[ .-]?[A-Z0-9]{4}){2,7}(?:[ .-]?\d[A-Z0-9]{0,2})?\b)"),
        ("ADDRESS", rf"\b{_STREET}{_GAP}{_NAME}(?:[ \t]{_NAME}){{0,2}}(?:{_HOUSE}){{0,3}}"),
        (
            "ADDRESS",
            (
                r"\b\d{1,5}[A-Za-z]?[ \t](?:[A-Z][a-z'-]{1,30}[ \t]){1,3}"
                r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Court|Square|Terrace|Close|Way)\b"
            ),
        ),
        ("POSTCODE", rf"\b\d{{2}}-\d{{3}}(?=[ \t]{{1,2}}[{UPPER}])"),
        ("POSTCODE", r"\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b"),
        ("POSTCODE", r"\b[A-Z]{2} \d{5}(?:-\d{4})?\b"),
        (
            "POSTCODE",
            r"\b\d{5,6}(?=,? (?:г\. ?|м\. ?)[А-ЯІЇЄ])|\b\d{6}(?=, [А-Я])|\b\d{5}(?=,? Київ)",
        ),
        ("ADDRESS", r"(?i:\bP\.? ?O\.? ?Box \d{1,6})"),
        (
            "CALLED",
            (
                rf"(?i:\b(?:{_CALLED})[ \t,:]{{1,3}}"
                rf"(?P<part>{LETTER}[\w'’ʼ-]{{1,30}}(?: {LETTER}[\w'’ʼ-]{{1,30}}){{0,2}}))"
            ),
        ),
        ("NAME", rf"\b(?:{_ADDRESSED})[ \t,:]{{1,3}}(?P<part>{_NAMES})"),
        (
            "NAME",
            rf"\b(?:{_SIGNING})[ \t]*[,.!—–-]?[ \t]*(?:\r?\n){{1,3}}[ \t]*(?P<part>{_NAMES})",
        ),
        ("NAME", rf"(?:^|\n)-- ?\r?\n(?P<part>{_NAMES})"),
        ("LAST", rf"\n(?P<part>{_NAME} {_NAME}(?: {_NAME})?)[ \t.]{{0,3}}\s{{0,9}}\Z"),
        ("NAME", rf"\bSent from (?P<part>{_NAMES})['’]s\b"),
        ("NAME", rf"\b(?:{_SIGNING})[,.!]?[ \t]{{0,2}}(?P<part>{_NAMES})[ \t.]*(?=\n|$)"),
        ("SHY", rf"\b(?:{_INTRODUCED})[ \t]{{1,3}}(?P<part>{_NAME}(?:[ \t]{_NAME}){{1,2}})"),
        ("SHY", rf"(?:^|[.!?\n] ?)(?:I['’]m|I am|Jestem|Я) (?P<part>{_NAME})(?=[.,]|\Z|\n)"),
        ("NAME", rf"(?:\b{_NAME}[ \t]){{0,2}}\b{_PATRONYMIC}(?:[ \t]{_NAME})?"),
    )
)
