"""The contracts as documents: a JSON Schema per topic and one AsyncAPI 3 document.

They are generated from the models and checked in under `docs/contracts`; a change that would break
somebody is refused, in the writing and in CI.
"""

import json
from pathlib import Path
from typing import Any, Final

from shared.errors import Rejected
from shared.events.catalogue import MODELS, Topic, json_schema
from shared.events.compatibility import incompatibilities

FOLDER: Final = Path(__file__).resolve().parent.parent.parent / "docs" / "contracts"

SENDERS: Final[dict[Topic, tuple[str, ...]]] = {
    Topic.SUBMITTED: ("intake",),
    Topic.CLASSIFIED: ("classifier",),
    Topic.DECIDED: ("decision",),
    Topic.REFERRED: ("decision",),
    Topic.STATUS: ("decision", "notifier"),
    Topic.NOTIFIED: ("notifier",),
    Topic.ASKED: ("decision",),
    Topic.VERIFICATION_REQUESTED: ("decision",),
    # The bank's own systems send it too; the decision service passes on what it hears over HTTP.
    Topic.VERIFICATION_COMPLETED: ("decision",),
    Topic.CORRECTED: ("decision",),
    Topic.DLQ: ("intake", "classifier", "decision", "notifier"),
}

RECEIVERS: Final[dict[str, tuple[Topic, ...]]] = {
    "intake": (
        Topic.CLASSIFIED,
        Topic.DECIDED,
        Topic.REFERRED,
        Topic.SLA,
        Topic.NOTIFIED,
        Topic.ASKED,
        Topic.VERIFICATION_REQUESTED,
    ),
    "classifier": (Topic.SUBMITTED, Topic.CORRECTED),
    "decision": (Topic.CLASSIFIED, Topic.VERIFICATION_COMPLETED),
    "notifier": (
        Topic.SUBMITTED,
        Topic.DECIDED,
        Topic.REFERRED,
        Topic.ASKED,
        Topic.SLA,
        Topic.VERIFICATION_REQUESTED,
    ),
}

_HEADERS: Final = {
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_subject", "ce_time"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string", "format": "uuid"},
        "ce_type": {"type": "string", "description": "The topic's name"},
        "ce_source": {"type": "string"},
        "ce_subject": {"type": "string", "description": "The case id"},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_redrive": {
            "type": "string",
            "description": "How often this event was published again after a loss",
        },
        "content-type": {"const": "application/json"},
        "traceparent": {"type": "string"},
        "tracestate": {"type": "string"},
    },
}


class IncompatibleError(Rejected):
    """A change of a model would break readers; the text names the fields."""


def _file(topic: Topic) -> str:
    return f"{topic}.schema.json"


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _asyncapi() -> dict[str, Any]:
    operations: dict[str, Any] = {}
    for topic, senders in SENDERS.items():
        for sender in senders:
            operations[f"{sender}.send.{topic}"] = _operation("send", topic)
    for receiver, topics in RECEIVERS.items():
        for topic in topics:
            operations[f"{receiver}.receive.{topic}"] = _operation("receive", topic)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Evenhand",
            "version": "1.0.0",
            "description": "CloudEvents 1.0 in binary mode; the key is the customer id.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            topic: {
                "address": topic,
                "description": (MODELS[topic].__doc__ or "").strip(),
                "messages": {"event": {"$ref": f"#/components/messages/{topic}"}},
            }
            for topic in Topic
        },
        "operations": operations,
        "components": {
            "messages": {
                topic: {
                    "name": MODELS[topic].__name__,
                    "contentType": "application/json",
                    "headers": _HEADERS,
                    "payload": {
                        "schemaFormat": "application/schema+json;version=draft-2020-12",
                        "schema": {"$ref": f"./{_file(topic)}"},
                    },
                    "bindings": {
                        "kafka": {
                            "key": {"type": "string", "description": "The customer id"},
                            "bindingVersion": "0.5.0",
                        }
                    },
                }
                for topic in Topic
            }
        },
    }


def _operation(action: str, topic: Topic) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic}"},
        "messages": [{"$ref": f"#/channels/{topic}/messages/event"}],
    }


def documents() -> dict[str, str]:
    """Return every document by its file name."""
    schemas = {_file(topic): _text(json_schema(topic)) for topic in Topic}
    return {**schemas, "asyncapi.json": _text(_asyncapi())}


def broken(folder: Path = FOLDER) -> list[str]:
    """Say which published contracts the present models break."""
    problems = []
    for topic in Topic:
        path = folder / _file(topic)
        if path.exists():
            old = json.loads(path.read_text(encoding="utf-8"))
            loads = MODELS[topic].model_json_schema(mode="validation")
            problems += [
                f"{topic}: {problem}"
                for problem in incompatibilities(old, json_schema(topic), loads)
            ]
    return problems


def check(folder: Path = FOLDER) -> list[str]:
    """Say what is wrong with the documents that are checked in; empty means nothing."""
    problems = broken(folder)
    for name, text in documents().items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            problems.append(f"{name} is not what the models say; run `evenhand schema --write`")
    return problems


def write(folder: Path = FOLDER) -> None:
    """Write the documents anew.

    Raises:
        IncompatibleError: the models break a contract that was published; nothing is written.

    """
    if problems := broken(folder):
        raise IncompatibleError("\n".join(problems))
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (folder / name).write_text(text, encoding="utf-8")
