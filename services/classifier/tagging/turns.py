# ruff: noqa: RUF001 - Cyrillic words and dashes of real mails are this module's subject
"""Whose lines these are: what the layout of a message shows to be somebody else's.

Quoted lines (`> …`), what follows the head of an earlier or forwarded mail, the turns of staff in a
transcript and the few lines of a signature (after `-- `) are not the customer's own words. A line
that only announces such a mail ("Original message") is no head unless something of a mail follows:
anybody can type it. Where nothing of the customer's would remain, all is theirs: whoever forwards a
mail without a word says what it says.
"""

import re
from collections.abc import Collection, Sequence
from itertools import accumulate, takewhile
from typing import Final

_MAY_HOLD_TURNS: Final = re.compile(r"^\s{0,9}(?:>|-{2,}|_{5,}|[^\n]{1,200}:)", re.MULTILINE)
_QUOTED: Final = re.compile(r"\s{0,9}>")
_RULE: Final = re.compile(
    r"""\s{0,9}(?:begin\ forwarded\ message | _{5,}\s*$ | -{2,}\s{0,3}(?:original\ message
    |forwarded\ message|пере[сад][^\n]{0,40}сообщени|исходное\ сообщение|вихідне\ повідомлення
    |пере[сн][^\n]{0,40}повідомлення|wiadomość\ (?:oryginalna|przekazana)
    |oryginalna\ wiadomość))""",
    re.IGNORECASE | re.VERBOSE,
)
_WROTE: Final = re.compile(
    r"""[^\n]{0,120}(?:@|\d:\d\d)[^\n]{0,80}
    (?:wrote|napisał(?:\(a\)|a)?|pisze|написал(?:\(а\)|а)?|написав|пише|пишет)\s?:\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
_FROM: Final = re.compile(r"\s{0,9}(?:from|od|от|від)\s?:\s", re.IGNORECASE)
_OF_A_MAIL: Final = re.compile(
    r"""\s{0,9}(?:> | (?:from|to|cc|date|sent|subject|od|do|dw|data|wysłano|temat|от|кому|копия|дата
    |тема|отправлено|від|копія|надіслано)\s?:\s) | [^\n]{0,120}(?:@|\d:\d\d)[^\n]{0,80}:\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
"""A field of a mail's head, a quoted line, or who wrote when."""
_TO: Final = re.compile(
    r"\s{0,9}(?:to|sent|subject|do|wysłano|temat|кому|тема|отправлено|надіслано)\s?:", re.IGNORECASE
)
_HEAD: Final = 4
"""Lines of the head of a mail among which both the sender and something else stand."""
_SIGNED: Final = re.compile(r"--\ ?\r?\n")
_SIGNATURE: Final = 8
"""A signature has so many lines at most; what goes on beyond is text below a line of dashes."""
_LONG: Final = 80
"""No line of a signature is longer, in characters."""
_SENTENCE: Final = re.compile(
    r"""[!?…]\s*$ | (?:\S+\s+){4}[^\n]*\.\s*$
    | \b(?:i|we|you|your|я|мы|вы|вас|вам|ваш\w*|ми|ви|was|wam|wasz\w*)\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""What a name, a title or an address does not hold."""
_TURN: Final = re.compile(
    r"""\s{0,9}(?:\[?\d\d?:\d\d(?::\d\d)?\]?[\s,–-]{0,3})?
    (?:[^\W\d_][\w.'’-]{0,20}(?:\ [^\W\d_][\w.'’-]{0,20}){0,2}(?:,\ ?|\ ?[(\[]|\ [–-]\ ))?
    (?:(?P<staff>agent|operator(?:ka)?|advis[eo]r|consultant|clerk|staff|support|assistant|bank|bot
        |konsultant(?:ka)?|doradca|doradczyni|pracowni(?:k|ca)|infolinia|оператор(?:ка)?
        |консультант(?:ка)?|сотрудни(?:к|ца)|менеджер(?:ка)?|банк|бот|поддержка|підтримка
        |співробітни(?:к|ця)|працівни(?:к|ця))
      |(?P<customer>customer|client|caller|me|klient(?:ka)?|ja|клиент(?:ка)?|клієнт(?:ка)?|я
        |абонент))
    (?:\ [\w.]{1,20}){0,2}[)\]]?\s?:""",
    re.IGNORECASE | re.VERBOSE,
)


def others(text: str) -> list[tuple[int, int]]:
    """Return the lines that somebody else speaks, in order: from and to, in code points."""
    if _MAY_HOLD_TURNS.search(text) is None:
        return []
    lines = text.splitlines(keepends=True)
    foreign = _earlier(lines) | _turns(lines)
    foreign |= _signature(lines, foreign)
    if not any(any(map(str.isalpha, line)) for n, line in enumerate(lines) if n not in foreign):
        return []
    ends = list(accumulate(map(len, lines)))
    return [(ends[n] - len(lines[n]), ends[n]) for n in sorted(foreign)]


def _earlier(lines: Sequence[str]) -> set[int]:
    """Find quoted lines, and an earlier mail: it reaches from its head to the end."""
    found = set()
    for n, line in enumerate(lines):
        if _QUOTED.match(line) is not None:
            found.add(n)
        elif _is_head(lines[n : n + _HEAD]):
            return found | set(range(n, len(lines)))
    return found


def _is_head(lines: Sequence[str]) -> bool:
    first = lines[0]
    if _WROTE.match(first) is not None:
        return True
    if _RULE.match(first) is not None:
        return any(_OF_A_MAIL.match(line) for line in lines[1:])
    return _FROM.match(first) is not None and any(_TO.match(line) for line in lines[1:])


def _signature(lines: Sequence[str], foreign: Collection[int]) -> set[int]:
    """Find a signature: its mark, and lines to the end of the own text that are no sentences."""
    for n, line in enumerate(lines):
        if n not in foreign and _SIGNED.fullmatch(line) is not None:
            rest = range(n + 1, min(n + 2 + _SIGNATURE, len(lines)))
            below = list(takewhile(lambda at: at not in foreign, rest))
            if len(below) <= _SIGNATURE and all(_is_signed(lines[at]) for at in below):
                return {n, *below}
    return set()


def _is_signed(line: str) -> bool:
    return len(line) <= _LONG and _SENTENCE.search(line) is None


def _turns(lines: Sequence[str]) -> set[int]:
    """Find the turns of staff where both sides have turns; each lasts until the next.

    An empty line ends the turn, too: what follows a pasted talk is the customer's word on it.
    """
    turns = [_TURN.match(line) for line in lines]
    spoken = [turn.lastgroup if turn else None for turn in turns]
    if not {"staff", "customer"} <= set(spoken):
        return set()
    found, who = set(), None
    for n, speaker in enumerate(spoken):
        who = speaker or (who if lines[n].strip() else None)
        if who == "staff":
            found.add(n)
    return found
