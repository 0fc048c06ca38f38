"""HTML mail, read as the text that it shows; every place in that text is known in the message.

Line ends stand where the mail shows them, lines that the mail quotes begin with `>` as in a mail of
plain text, and a letter that is spelt as an entity is that letter. Any other text stays as it is.
Linear in the length of the text: nothing is looked at again once it is known not to end.
"""

import html
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from shared.events.tags import Evidence

_LOOKS_LIKE_MARKUP: Final = re.compile(
    r"</[a-z]|<(?:br|wbr|p|div|html|body|span|table|blockquote)\b|&#(?:\d{2,6}|x[0-9a-f]{2,5});",
    re.IGNORECASE,
)
_PIECE: Final = re.compile(
    r"""(?P<comment><!--)
    |<(?P<end>/?)(?P<name>[a-z][a-z0-9:]{0,20}+)(?P<rest>[^<>]{0,20000}+)>
    |<[/!?][^<>]{0,20000}+>
    |&(?:\#\d{1,7}+;? | \#x[0-9a-f]{1,6}+;? | [a-z][a-z0-9]{1,31}+;)""",
    re.IGNORECASE | re.VERBOSE,
)
_HIDDEN: Final = {
    "comment": re.compile("-->"),
    "script": re.compile("</script[^<>]{0,99}>", re.IGNORECASE),
    "style": re.compile("</style[^<>]{0,99}>", re.IGNORECASE),
}
"""What begins something that no mail shows, and where that ends."""
_LINE_TAGS: Final = """
    address article aside br center dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header hr
    li main nav ol p pre section table tbody tfoot thead title tr ul blockquote body html
"""
_LINES: Final = frozenset(_LINE_TAGS.split())
_WORD_TAGS: Final = """
    a abbr acronym b bdi bdo big cite code del em font i ins kbd label mark nobr o:p q s samp
    small span strike strong sub sup tt u var wbr
"""
_IN_WORDS: Final = frozenset(_WORD_TAGS.split())
"""Tags within which a word goes on; any other one is as a space."""
_QUOTE: Final = "blockquote"
_QUOTED: Final = re.compile(r"class\s*=[^=]{0,200}\bgmail_quote\b", re.IGNORECASE)
_ONE_LINE: Final = dict.fromkeys(map(ord, "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"), " ")


@dataclass(frozen=True, slots=True)
class Plain:
    """A text, and where its parts stand in the message; no parts where both are the same."""

    text: str
    parts: tuple[tuple[int, int, int, bool], ...] = ()
    """Where a part begins here, where in the message it begins and ends, and if it is verbatim."""

    def place(self, begin: int, end: int) -> tuple[int, int]:
        """Return where in the message `text[begin:end]` stands, which must not be empty."""
        if not self.parts:
            return begin, end
        at, first, _, verbatim = self._part(begin)
        start = first + begin - at if verbatim else first
        at, first, last, verbatim = self._part(end - 1)
        return start, first + end - at if verbatim else last

    def _part(self, at: int) -> tuple[int, int, int, bool]:
        return self.parts[bisect_right(self.parts, at, key=lambda part: part[0]) - 1]

    def placed(self, proofs: Sequence[Evidence]) -> list[Evidence]:
        """Return evidence of the text as evidence of the message."""
        if not self.parts:
            return list(proofs)
        return [
            proof
            if proof.start is None or proof.end is None
            else proof.model_copy(
                update=dict(zip(("start", "end"), self.place(proof.start, proof.end), strict=True))
            )
            for proof in proofs
        ]


def plain(text: str) -> Plain:
    """Return what a message shows."""
    if ("<" not in text and "&" not in text) or _LOOKS_LIKE_MARKUP.search(text) is None:
        return Plain(text)
    return _Reading(text).all()


def shown(text: str) -> str:
    """Return the text that a message shows."""
    return plain(text).text


@dataclass(slots=True)
class _Reading:
    """One message while it is read."""

    message: str
    out: list[str] = field(default_factory=list)
    parts: list[tuple[int, int, int, bool]] = field(default_factory=list)
    length: int = 0
    opens_line: bool = True
    quotes: list[tuple[str, int]] = field(default_factory=list)
    """The tags that began a quotation, and how many of that name are open in each."""
    endless: set[str] = field(default_factory=set)
    """What is known not to end in the rest of the message."""

    def all(self) -> Plain:
        """Read from the beginning to the end."""
        at = 0
        while (found := _PIECE.search(self.message, at)) is not None:
            self._verbatim(at, found.start())
            at = self._piece(found)
        self._verbatim(at, len(self.message))
        return Plain("".join(self.out), tuple(self.parts))

    def _add(self, shown: str, begin: int, end: int, *, verbatim: bool = False) -> None:
        if shown:
            self.parts.append((self.length, begin, end, verbatim))
            self.out.append(shown)
            self.length += len(shown)

    def _verbatim(self, begin: int, end: int) -> None:
        text = self.message[begin:end]
        if self.quotes or (self.opens_line and text.isspace()):
            text = text.translate(_ONE_LINE)
        self._add(text, begin, end, verbatim=True)
        line = text[text.rfind("\n") + 1 :]
        self.opens_line = not line.strip() and (self.opens_line or len(line) < len(text))

    def _piece(self, found: re.Match[str]) -> int:
        """Read a tag, a comment or an entity; return where the text goes on."""
        begin, end = found.span()
        name = "comment" if found["comment"] else (found["name"] or "").lower()
        if name in _HIDDEN and not found["end"]:
            return self._hidden_until(name, end)
        if name:
            self._tag(name, found)
        elif found.group().startswith("&"):
            letters = html.unescape(found.group())
            self._add(letters.translate(_ONE_LINE) if self.quotes else letters, begin, end)
            self.opens_line &= not letters.strip()
        return end

    def _hidden_until(self, name: str, begin: int) -> int:
        """Return the end of what no mail shows; what does not end is shown, lest it hide words."""
        ends = None if name in self.endless else _HIDDEN[name].search(self.message, begin)
        if ends is None:
            self.endless.add(name)
            return begin
        return ends.end()

    def _tag(self, name: str, found: re.Match[str]) -> None:
        closes, place = bool(found["end"]), found.span()
        if not closes and (name == _QUOTE or _QUOTED.search(found["rest"])):
            self._end_line(place)
            self.quotes.append((name, 1))
            self._begin_line(place)
            return
        if self.quotes and self.quotes[-1][0] == name:
            depth = self.quotes.pop()[1] + (-1 if closes else 1)
            if depth:
                self.quotes.append((name, depth))
            else:
                self._add("\n", *place)
                self._begin_line(place)
                return
        if name in _LINES and (name == "br" or not self.opens_line):
            self._add("\n", *place)
            self._begin_line(place)
        elif name not in _LINES and name not in _IN_WORDS:
            self._add(" ", *place)

    def _end_line(self, place: tuple[int, int]) -> None:
        if not self.opens_line:
            self._add("\n", *place)

    def _begin_line(self, place: tuple[int, int]) -> None:
        self.opens_line = True
        if self.quotes:
            self._add("> ", *place)
