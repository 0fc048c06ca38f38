"""What tags become when a person corrects them."""

from services.decision.desk.forms import TagsForm
from services.decision.desk.tagging import corrected_tags
from shared.events.tags import Evidence, Fault, FaultTag, Pressure, PressureTag, Tags, Tone, ToneTag

INSULT = Evidence(target="tone", value="abusive", source="list:insult", start=0, end=5)
LATE = Evidence(target="fault", value="customer", source="rule:paid_after_due")
TAGS = Tags(
    tone=ToneTag(value=Tone.ABUSIVE, confidence=0.9),
    pressure=PressureTag(value=Pressure.NONE, confidence=0.9),
    fault=FaultTag(value=Fault.CUSTOMER, confidence=0.9),
    language="en",
    evidence=(INSULT, LATE),
    model="m",
)


def form(**said: object) -> TagsForm:
    return TagsForm.model_validate({"version": 1, "note": "Read again", **said})


def test_a_corrected_tag_is_sure_and_loses_the_evidence_against_it() -> None:
    tags = corrected_tags(TAGS, form(tone="upset"))
    assert tags.tone == ToneTag(value=Tone.UPSET, confidence=1.0)
    assert tags.evidence == (LATE,)


def test_a_tag_that_is_sent_as_nothing_is_not_corrected_and_keeps_its_evidence() -> None:
    tags = corrected_tags(TAGS, form(tone=None, flags=None, fault="shared"))
    assert tags.tone == TAGS.tone
    assert tags.evidence == (INSULT,)
