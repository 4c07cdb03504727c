"""The keys of dataclasses whose fields are annotated with `Key`: reads TOML tables, and merges new settings at a
reload.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_origin

from greenchat.config.groups import build, flat_fields, flat_values
from greenchat.config.key import Key

T = TypeVar("T")
Table = Mapping[str, object]


class WrongKeyError(ValueError):
    """A key that is unknown, missing, or has an invalid value; the text names it and says why."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")


@dataclass(frozen=True, slots=True)
class KeyField:
    """A key of the file, and its field, see `flat_fields`."""

    name: str
    field: str
    type: Any  # whatever an annotation may hold
    key: Key
    required: bool


def entries(cls: Any) -> dict[str, KeyField]:
    """Return the keys of a dataclass and its groups, by name. A field `class_` is the key `class`."""
    by_name = {}
    for field in flat_fields(cls):
        if isinstance(field.note, Key):
            name = field.name.removesuffix("_")
            by_name[name] = KeyField(name, field.name, field.type, field.note, field.required)
    return by_name


def read(cls: type[T], table: Table, *, folder: Path, path: str = "") -> T:
    """Return a dataclass filled from a table. folder: the base of relative paths in it. Raises WrongKeyError."""
    known = entries(cls)
    refuse_unknown(table, known, path)
    for entry in known.values():
        if entry.required and entry.name not in table:
            raise WrongKeyError(_join(path, entry.name), f"is missing: {entry.key.doc}")
    values = {
        known[name].field: _value(known[name].type, known[name].key, value, folder, _join(path, name))
        for name, value in table.items()
    }
    return build(cls, values)


def refuse_unknown(table: Table, known: Mapping[str, KeyField], path: str = "") -> None:
    """Raise WrongKeyError for the first unknown key."""
    for name in table:
        if name not in known:
            likely = get_close_matches(name, known, n=1)
            hint = f"; did you mean {_join(path, likely[0])}?" if likely else ""
            raise WrongKeyError(_join(path, name), f"there is no such key{hint}")


def take_over(old: T, new: T, path: str = "", restart: bool = False) -> tuple[T, list[str]]:
    """Return `new` with the old values of the keys that need a restart, and the names of those that differ.

    restart: whether all keys need one.
    """
    olds, values = flat_values(old), flat_values(new)
    refused: list[str] = []
    for entry in entries(type(old)).values():
        before, after = olds[entry.field], values[entry.field]
        path_name = _join(path, entry.name)
        if dataclasses.is_dataclass(entry.type):
            after, more = take_over(before, after, path_name, restart or entry.key.restart)
            refused += more
        elif before != after and (restart or entry.key.restart):
            refused.append(path_name)
            after = before
        values[entry.field] = after
    return build(type(new), values), refused


def _value(kind: Any, key: Key, value: object, folder: Path, path: str) -> Any:
    """Return a TOML value as the field's type has it."""
    if dataclasses.is_dataclass(kind) and not key.parse:
        return read(cast(type, kind), _expect(dict, value, "a table", path), folder=folder, path=path)
    origin = get_origin(kind)
    if origin is tuple:
        inner = get_args(kind)[0]
        if dataclasses.is_dataclass(inner) and not key.parse:
            _expect_tables(value, cast(type, inner), path)
        items = _expect(list, value, "a list", path)
        return tuple(_value(inner, key, item, folder, f"{path}[{number}]") for number, item in enumerate(items, 1))
    if origin is Mapping:
        rows = _expect(dict, value, "a table", path)
        inner = get_args(kind)[1]
        return {name: _value(inner, key, row, folder, _join(path, name)) for name, row in rows.items()}
    if kind is bool:
        return _expect(bool, value, "true or false", path)
    if kind in (int, float):
        return _number(kind, key, value, path)
    text = _expect(str, value, "a string", path)
    if kind is Path:
        return folder / Path(text).expanduser() if text else Path()
    if key.choices and text not in key.choices:
        raise WrongKeyError(path, f"must be one of {', '.join(key.choices)}, not {text!r}")
    if not key.parse:
        return text
    try:
        return key.parse(text)
    except ValueError as error:
        raise WrongKeyError(path, str(error)) from None


def _number(kind: type, key: Key, value: object, path: str) -> int | float:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    number: int | float = _expect(kind, value, "a whole number" if kind is int else "a number", path)
    low, high = key.minimum, key.maximum
    if math.isnan(number) or (low is not None and number < low) or (high is not None and number > high):
        raise WrongKeyError(path, f"must be {bounds(key)}, not {value}")
    return number


def bounds(key: Key) -> str:
    """Return the bounds of a number for people; "" for any number."""
    if key.minimum is not None and key.maximum is not None:
        return f"{key.minimum} to {key.maximum}"
    if key.minimum is not None:
        return f"at least {key.minimum}"
    return f"at most {key.maximum}" if key.maximum is not None else ""


def _expect(kind: type, value: object, wanted: str, path: str) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise WrongKeyError(path, f"must be {wanted}, not {_describe(value)}")
    return value


def _expect_tables(value: object, kind: type, path: str) -> None:
    """Raise WrongKeyError, with what to write, if it is not a list of tables."""
    items = value if isinstance(value, list) else [value]
    wrong = next((item for item in items if not isinstance(item, dict)), None)
    if isinstance(value, list) and wrong is None:
        return
    first = next(iter(entries(kind)))
    example = f'{first} = "{wrong}"' if isinstance(wrong, str) else f"{first} = ..."
    raise WrongKeyError(path, f"must be an array of tables: write [[{path}]], and below it {example}")


def _describe(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a floating-point number", str: "a string", list: "a list"}
    return names.get(type(value), "a table" if isinstance(value, dict) else "a date or time")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
