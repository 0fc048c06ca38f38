"""HTML mail is read as what it shows, and offsets stay those of the message."""

import html
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier import tagging
from services.classifier.tagging import Message
from services.classifier.tagging.markup import plain, shown
from services.classifier.tagging.told import own_lines

MAIL = (
    "<html><head><title>x</title></head><style>p {color: red}</style><body><p>You are"
    " <b>idiots</b>!</p>&nbsp;<br></body></html>"
)
LETTERS = "Вы идиоты, Jesteście złodziejami"
SPELT = {
    "decimal": "".join(f"&#{ord(letter)};" for letter in LETTERS),
    "hexadecimal": "".join(f"&#x{ord(letter):x};" for letter in LETTERS),
    "unfinished": "".join(f"&#{ord(letter)}" for letter in LETTERS),
    "all letters": LETTERS,
}


def test_only_the_text_of_a_mail_is_left() -> None:
    assert shown(MAIL).split() == ["x", "You", "are", "idiots!"]


def test_evidence_points_into_the_mail_as_it_was_sent() -> None:
    proofs = [p for p in tagging.load().tag([Message(MAIL)])[0].evidence if p.target == "tone"]
    assert any("idiots" in MAIL[proof.start : proof.end] for proof in proofs)


@pytest.mark.parametrize("name", SPELT)
def test_a_letter_that_is_spelt_as_an_entity_is_that_letter(name: str) -> None:
    assert shown(f"<p>{SPELT[name]}</p>").strip() == LETTERS


def test_a_mail_that_is_nothing_but_entities_is_read() -> None:
    assert shown(SPELT["decimal"]) == LETTERS


@pytest.mark.parametrize(
    ("mail", "words"),
    [
        ("<p>Jeste&#347;cie z&#322;odziejami i idiotami.</p>", "Jesteście złodziejami i idiotami."),
        ("<p>You are id<!-- x -->iots and ver<wbr>min</p>", "You are idiots and vermin"),
        ("<p>i<b>d</b>i<span class='a'>ots</span></p>", "idiots"),
        ("<p>one</p><p>two</p><td>three</td><td>four</td>", "one two three four"),
        ("<p>5 &lt; 6 &amp; 7</p>", "5 < 6 & 7"),
        ("<p>pay &notathing; now</p>", f"pay {html.unescape('&notathing;')} now"),
    ],
)
def test_a_word_goes_on_where_the_mail_shows_it_go_on(mail: str, words: str) -> None:
    assert shown(mail).split() == words.split()


@pytest.mark.parametrize(
    "hidden",
    [
        "<!-- <p>You are idiots</p> -->",
        "<!--[if mso]><p>You are idiots</p><![endif]-->",
        "<script>if (a<b) { say('you are idiots') }</script>",
        "<STYLE>p > a::after { content: '<idiots>' }</STYLE >",
    ],
)
def test_comments_scripts_and_styles_are_not_shown(hidden: str) -> None:
    assert shown(f"<p>Please refund{hidden} the fee.</p>").strip() == "Please refund the fee."


@pytest.mark.parametrize("opening", ["<!--", "<script>", "<style>"])
def test_what_never_ends_hides_no_words(opening: str) -> None:
    assert shown(f"<p>You</p>{opening} are idiots").split() == ["You", "are", "idiots"]


def test_lines_end_where_the_mail_shows_their_end() -> None:
    mail = "<div>Agent: wait<br>still</div>\n<div>Customer: <b>why</b>?</div><div><br></div>Bye"
    assert shown(mail).splitlines() == ["Agent: wait", "still", " Customer: why?", "", "Bye"]


@pytest.mark.parametrize(
    "quoted",
    [
        "<blockquote>You &lt;b&gt;\nidiots,<br>all<p>of you</p></blockquote>",
        '<div class="gmail_quote gmail_attr">You <div>idiots</div>all</div>',
        "<blockquote type='cite'>one<blockquote>two</blockquote>three</blockquote>",
        "<blockquote>it never ends",
    ],
)
def test_what_a_mail_quotes_is_somebody_elses(quoted: str) -> None:
    mail = f"<div>Thank you, noted.<br></div>{quoted}"
    assert own_lines(shown(mail)).strip() == "Thank you, noted."


def test_below_a_quotation_the_customer_speaks_again() -> None:
    mail = "<p>Hello,</p><blockquote>You <p>idiots</p></blockquote><p>is no answer.</p>"
    assert own_lines(shown(mail)).split() == ["Hello,", "is", "no", "answer."]


@pytest.mark.parametrize(
    "text", ["5 < 6 and 7 > 3", "a <- b", "I <3 you", "x & y; z", "R&amp;D", "<jan@bank.example>"]
)
def test_a_text_without_markup_stays_as_it_is(text: str) -> None:
    read = plain(text)
    assert (read.text, read.parts) == (text, ())


_PIECES = """
    <p> </p> <br> <b> </b> <blockquote> </blockquote> <!-- --> <script> </script> &#1080; &amp;
    &nbsp; &#1; <p & word you > <
"""
PIECES = st.sampled_from((*_PIECES.split(), " ", "\n"))


@given(st.lists(PIECES, max_size=20).map("".join), st.data())
def test_every_place_is_one_in_the_message(text: str, data: st.DataObject) -> None:
    read = plain(text)
    if not read.text:
        return
    begin = data.draw(st.integers(0, len(read.text) - 1))
    end = data.draw(st.integers(begin + 1, len(read.text)))
    first, last = read.place(begin, end)
    assert 0 <= first < last <= len(text)
    assert first <= read.place(begin, begin + 1)[0] < read.place(end - 1, end)[1] <= last


@given(st.lists(PIECES, max_size=20).map("".join))
def test_a_word_that_is_shown_stands_at_its_place(text: str) -> None:
    mail = f"<p>{text}</p>threat"
    read = plain(mail)
    begin, end = read.place(len(read.text) - len("threat"), len(read.text))
    assert mail[begin:end] == "threat"


@pytest.mark.parametrize(
    "piece",
    [
        "<p", "<style>", "<p <", "&#1", "</p", "<!--", "<script>", "<blockquote>", "<br>",
        "</blockquote>", "<a", "a", "&a", "<p class=", "<p class=gmail_quote>", "&#1080;", "<!",
    ],
)  # fmt: skip
def test_hostile_markup_takes_no_long_time(piece: str) -> None:
    begun = time.process_time()
    shown("</p>" + piece * (1_000_000 // len(piece)))
    assert time.process_time() - begun < 4
