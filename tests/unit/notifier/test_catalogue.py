"""The bank's own texts take the place of ours; what is wrong with one is said before the start."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from uuid import uuid4

import pytest

from services.notifier.channels.email import Sender, mailbox
from services.notifier.domain import Language, Receipt, called
from services.notifier.messages.catalogue import load
from services.notifier.messages.reading import TextsError
from services.notifier.messages.render import Voice
from services.notifier.messages.samples import samples


def _own(folder: Path, text: str, name: str = "pl.yaml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_an_own_text_replaces_ours_and_nothing_else(tmp_path: Path) -> None:
    own = _own(tmp_path, 'receipt: {subject: "Mamy to 👍"}\nclosing: "Pa\\nBank"\n')
    ours, theirs = load(), load(own)
    assert theirs[Language.PL].receipt.subject == "Mamy to 👍"
    assert theirs[Language.PL].receipt.paragraphs == ours[Language.PL].receipt.paragraphs
    assert theirs[Language.EN] == ours[Language.EN]


def test_a_list_of_paragraphs_is_replaced_as_a_whole(tmp_path: Path) -> None:
    own = _own(tmp_path, 'receipt: {paragraphs: ["Jedno zdanie."]}\n')
    assert load(own)[Language.PL].receipt.paragraphs == ("Jedno zdanie.",)


def test_the_bank_names_the_bodies_of_a_country_itself(tmp_path: Path) -> None:
    body = '{kind: arbitration, name: "N", address: "A", site: "s", source: "law", mark: V}'
    own = _own(tmp_path, f"places: {{NO: [{body}]}}\n", "places.yaml")
    places = load(own)[Language.EN].final_answer.recourse.places
    assert [one.name for one in places["NO"]] == ["N"]
    assert "PL" in places


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ('receipt: {subjekt: "x"}', "receipt.subjekt", "no such key"),
        ('greetings: "x"', "greetings", "no such key"),
        ('case: "Numer sprawy"', "case", "lacks the placeholder {case}"),
        ('case: "{case} {name}"', "case", "there is no placeholder {name}"),
        ('case: "{case!r}"', "case", "a name in braces"),
        ('case: "{case.hex}"', "case", "a name in braces"),
        ('case: "{case"', "case", "expected '}'"),
        ('receipt: {closing: "<b>Pa</b>"}', "receipt.closing", "markup"),
        ('receipt: {closing: "Pa&nbsp;"}', "receipt.closing", "markup"),
        ('receipt: {closing: " "}', "receipt.closing", "not empty"),
        ("receipt: {closing: 1}", "receipt.closing", "must be a text"),
        ("receipt: {paragraphs: []}", "receipt.paragraphs", "list of texts"),
        ('receipt: "x"', "receipt", "must hold keys and texts"),
        ('receipt: {subject: "a\\r\\nBcc: x@y.example"}', "receipt.subject", "U+000D"),
        ('receipt: {subject: "a\\u202eb"}', "receipt.subject", "U+202E"),
        (f'receipt: {{subject: "{"x" * 121}"}}', "receipt.subject", "of at most 120"),
        (
            'final_answer: {counts: {days: {other: "{count}"}}}',
            "final_answer.counts.days.other",
            "no such key",
        ),
        ('case: "{case}"\ncase: "{case}"', "line 2", "stands twice"),
        ("a: &x [1]\nb: *x", "line 2", "aliases are not allowed"),
        ("a: [", "line", "is not YAML"),
        ("just words", "pl.yaml", "must hold keys and texts"),
    ],
)
def test_a_wrong_text_is_refused_with_file_key_and_reason(
    tmp_path: Path, text: str, key: str, reason: str
) -> None:
    with pytest.raises(TextsError) as refused:
        load(_own(tmp_path, text))
    said = str(refused.value)
    assert "pl.yaml" in said
    assert key in said
    assert reason in said


@pytest.mark.parametrize("name", ["de.yaml", "pl.yml", "polish.yaml"])
def test_a_file_that_nobody_would_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(TextsError, match="no such file of texts"):
        load(_own(tmp_path, 'case: "{case}"', name))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("places: {pl: []}", "two capital letters"),
        ("bodies: {}", "must hold `places`"),
        ("places: {PL: [{name: N}]}", "Field required"),
    ],
)
def test_a_wrong_list_of_bodies_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(TextsError, match=reason):
        load(_own(tmp_path, text, "places.yaml"))


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TextsError, match="EVENHAND_MESSAGES_DIR"):
        load(tmp_path / "none")


def test_a_subject_with_an_emoji_and_a_name_with_a_header_arrive_as_they_are(
    tmp_path: Path,
) -> None:
    own = _own(tmp_path, 'receipt: {subject: "Mamy to 👍🏽 — dziękujemy"}\n')
    name = "Eve\r\nBcc: all@bank.example " + "x" * 200
    message = Voice.load(own).say(
        Receipt(), case_id=uuid4(), name=name, language=Language.PL, jurisdiction="PL"
    )
    octets = Sender("Bank <cases@bank.example>").compose(
        notice_id=uuid4(),
        notice="receipt",
        case_id=uuid4(),
        language="pl",
        to_name=called(name),
        to=mailbox("a@b.example"),
        at=datetime(2026, 11, 20, tzinfo=UTC),
        subject=message.subject,
        plain=message.plain,
        html=message.html,
    )
    mail = message_from_bytes(octets, policy=default)
    assert mail["Subject"] == "Mamy to 👍🏽 — dziękujemy"
    assert mail["Bcc"] is None
    assert mail["To"].addresses[0].display_name.startswith("Eve Bcc: all@bank.example x")


def test_every_message_can_be_said_in_the_banks_own_words(tmp_path: Path) -> None:
    voice = Voice.load(_own(tmp_path, 'greeting_unnamed: "Hej,"\n'))
    for sample in samples():
        said = voice.say(
            sample.content, case_id=uuid4(), name=None, language=Language.PL, jurisdiction="PL"
        )
        assert said.plain.startswith("Hej,\n\n")
