"""The contracts stand: golden events load, documents match the models, breaking is refused."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema

from shared.events import schema
from shared.events.catalogue import MODELS, Topic, json_schema
from shared.events.compatibility import incompatibilities

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))


def _topic_of(path: Path) -> Topic:
    return Topic(path.name.removesuffix(".json").split("--")[0])


def _is_kept(old: object, new: object) -> bool:
    """Say whether every field of an old event is still there with its value."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(
            name in new and _is_kept(part, new[name]) for name, part in old.items()
        )
    if isinstance(old, list):
        return (
            isinstance(new, list)
            and len(old) == len(new)
            and all(_is_kept(a, b) for a, b in zip(old, new, strict=True))
        )
    return bool(old == new)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_event_loads_for_ever_and_keeps_every_field(path: Path) -> None:
    old = json.loads(path.read_text(encoding="utf-8"))
    event = MODELS[_topic_of(path)].model_validate(old)
    assert _is_kept(old, json.loads(event.model_dump_json()))


def test_every_topic_has_a_golden_event() -> None:
    assert {_topic_of(path) for path in GOLDEN} == set(Topic)


@pytest.mark.parametrize("topic", list(Topic))
def test_golden_events_show_every_value_of_every_enumeration(topic: Topic) -> None:
    published = json_schema(topic)
    texts = [p.read_text(encoding="utf-8") for p in GOLDEN if _topic_of(p) is topic]
    shown = " ".join(texts)
    for definition in published.get("$defs", {}).values():
        for value in definition.get("enum", ()):
            assert f'"{value}"' in shown, f"{topic}: {value} stands in no golden event"


def test_the_documents_checked_in_are_what_the_models_say() -> None:
    assert schema.check() == []


def test_the_asyncapi_document_is_valid_asyncapi_3() -> None:
    document = json.loads(schema.documents()["asyncapi.json"])
    ApplicationSchema.model_validate(document)
    for operation in document["operations"].values():
        channel = operation["channel"]["$ref"].removeprefix("#/channels/")
        assert channel in document["channels"]
        for message in operation["messages"]:
            assert message["$ref"] == f"#/channels/{channel}/messages/event"


def _changed(topic: Topic, change: Callable[[dict[str, Any]], None]) -> list[str]:
    old = json_schema(topic)
    new = deepcopy(old)
    loads = deepcopy(MODELS[topic].model_json_schema(mode="validation"))
    change(new)
    change(loads)
    return incompatibilities(old, new, loads)


def _remove_field(document: dict[str, Any]) -> None:
    del document["properties"]["text"]


def _narrow_type(document: dict[str, Any]) -> None:
    document["properties"]["text"]["maxLength"] = 10


def _require_new_field(document: dict[str, Any]) -> None:
    document["properties"]["branch"] = {"type": "string"}
    document["required"].append("branch")


def _remove_value(document: dict[str, Any]) -> None:
    document["$defs"]["Channel"]["enum"].remove("chat")


def _remove_nested_field(document: dict[str, Any]) -> None:
    del document["$defs"]["Contacts"]["properties"]["email"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_remove_field, "text: removed"),
        (_narrow_type, "text: maxLength"),
        (_require_new_field, "branch: new and without a default"),
        (_remove_value, "channel: values removed: chat"),
        (_remove_nested_field, "customer.contacts.email: removed"),
    ],
)
def test_a_breaking_change_is_named(change: Callable[[dict[str, Any]], None], named: str) -> None:
    assert any(problem.startswith(named) for problem in _changed(Topic.SUBMITTED, change))


def _add_optional_field(document: dict[str, Any]) -> None:
    document["properties"]["branch"] = {"type": "string", "default": ""}


def test_a_new_field_with_a_default_is_no_breaking_change() -> None:
    assert _changed(Topic.SUBMITTED, _add_optional_field) == []


def test_a_breaking_model_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    schema.write(tmp_path)
    path = tmp_path / f"{Topic.STATUS}.schema.json"
    published = json.loads(path.read_text(encoding="utf-8"))
    published["properties"]["colour"] = {"type": "string"}
    path.write_text(json.dumps(published), encoding="utf-8")
    with pytest.raises(schema.IncompatibleError, match="colour: removed"):
        schema.write(tmp_path)
    assert "colour" in path.read_text(encoding="utf-8")
