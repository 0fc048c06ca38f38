"""Reads a file of texts: keys, texts and whole numbers, and nothing that a text never needs.

What YAML would make of a word (`NO`, a date) stays the word; aliases and doubled keys are refused.
"""

from pathlib import Path
from typing import Final, TypeAlias

import yaml

from shared.errors import Rejected
from shared.yaml_file import LOADER

_LARGEST: Final = 262_144

Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str | int"


class TextsError(Rejected):
    """A text is missing or wrong; the message names file, key and reason."""


def read(path: Path) -> dict[str, Tree]:
    """Read one file.

    Raises:
        TextsError: it cannot be read, or is not what a file of texts may be.

    """
    try:
        tree = _tree(path.read_bytes())
    except OSError as error:
        raise TextsError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise TextsError(f"{path}: is not UTF-8; save it so") from error
    except TextsError as error:
        raise TextsError(f"{path}: {error}") from error
    except yaml.MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}:" if error.problem_mark else ""
        raise TextsError(f"{path}:{line} is not YAML") from error
    except yaml.YAMLError as error:
        raise TextsError(f"{path}: is not YAML") from error
    if not isinstance(tree, dict):
        raise TextsError(f"{path}: must hold keys and texts")
    return tree


def _tree(content: bytes) -> Tree:
    if len(content) > _LARGEST:
        raise TextsError(f"has {len(content)} bytes, and at most {_LARGEST} are read")
    text = content.decode()
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else "?"
            raise TextsError(f"line {line}: aliases are not allowed")
    node = yaml.compose(text, Loader=LOADER)
    return {} if node is None else _value(node)


def _value(node: yaml.Node) -> Tree:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node)
    if isinstance(node, yaml.SequenceNode):
        return [_value(one) for one in node.value]
    word = str(node.value)
    return int(word) if node.tag.endswith(":int") and word.isdecimal() else word


def _mapping(node: yaml.MappingNode) -> dict[str, Tree]:
    found: dict[str, Tree] = {}
    for name, value in node.value:
        key = str(name.value)
        if key in found:
            line = name.start_mark.line + 1 if name.start_mark else "?"
            raise TextsError(f"line {line}: {key} stands twice")
        found[key] = _value(value)
    return found
