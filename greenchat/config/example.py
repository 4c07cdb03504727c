"""The example configuration, made from the dataclasses: each key with its description and default."""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any, get_args, get_origin

from greenchat.config.groups import flat_values
from greenchat.config.options import Options
from greenchat.config.schema import KeyField, bounds, entries
from greenchat.config.settings import Settings

_WIDTH = 100
_HEAD = """\
The configuration of greenchat-server: every key, with its default.
Keys that you leave out keep their defaults, so a file may be as short as one line.
Relative paths start from this file's folder. To use a file:  greenchat-server --config FILE
After a change:  kill -HUP, or REHASH as an operator; keys marked (restart) need a restart.
"""


def example() -> str:
    """Return the text of the file."""
    objects: tuple[Any, ...] = (Settings(), Options())
    lines = [f"# {line}" for line in _HEAD.splitlines()]
    lines.append("")
    rows = [row for part in objects for row in _rows(part)]
    for entry, value in rows:
        if not _is_table(entry.type):
            lines += _key(entry, value)
    for entry, value in rows:
        if _is_table(entry.type):
            lines += ["", *_comment(entry.key.doc), *_table(entry, value)]
    return "\n".join(lines) + "\n"


def _table(entry: KeyField, value: Any) -> Iterator[str]:
    if isinstance(value, tuple):
        for row in value:
            yield f"[[{entry.name}]]"
            yield from _keys(row)
    elif isinstance(value, Mapping):
        if entry.key.sample:
            name, row = entry.key.sample
            yield "#"
            yield f"# [{entry.name}.{name}]"
            yield from (f"# {line}" for line in _keys(row))
    else:
        yield f"[{entry.name}]"
        yield from _keys(value)


def _rows(part: Any) -> Iterator[tuple[KeyField, Any]]:
    values = flat_values(part)
    return ((entry, values[entry.field]) for entry in entries(type(part)).values())


def _keys(part: Any) -> Iterator[str]:
    for entry, value in _rows(part):
        yield from _key(entry, value)


def _key(entry: KeyField, value: Any) -> Iterator[str]:
    doc = entry.key.doc
    if entry.key.choices:
        doc += f": {', '.join(entry.key.choices)}"
    if entry.type in (int, float) and bounds(entry.key):
        doc += f" ({bounds(entry.key)})"
    if entry.key.restart:
        doc += " (restart)"
    assignment = f"{entry.name} = {_toml(value)}"
    if len(assignment) + len(doc) + 4 <= _WIDTH:
        yield f"{assignment}  # {doc}"
    else:
        yield from _comment(doc)
        yield assignment


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if value == Path():
        return '""'
    return json.dumps(str(value), ensure_ascii=False)  # a TOML basic string has JSON's escapes


def _is_table(kind: Any) -> bool:
    if get_origin(kind) is Mapping:
        return True
    return dataclasses.is_dataclass(get_args(kind)[0] if get_origin(kind) is tuple else kind)


def _comment(text: str) -> list[str]:
    """Wrap a comment: the source's own lines are joined, but rows that begin with a space stay rows."""
    paragraphs = re.sub(r"\n(?=\S)", " ", text).splitlines()
    return [f"# {line}" for paragraph in paragraphs for line in wrap(paragraph, _WIDTH - 2)]
