"""Groups of settings: small dataclasses within a larger one, for the code that uses them.

In the configuration file, the example and documents there are no groups: the fields of a group replace it among the
fields of its class.
"""

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from greenchat.records import record, replace

T = TypeVar("T")


@record(frozen=True, slots=True)
class Group:
    """Annotates a field that is a group. prefix: begins the names that its fields have outside."""

    prefix: str = ""


@record(frozen=True, slots=True)
class FlatField:
    """A field of a dataclass or of one of its groups.

    name: outside of Python. note: its annotation's metadata, None without. required: whether it has no default.
    """

    name: str
    type: Any  # whatever an annotation may hold
    note: object
    required: bool


def flat_fields(cls: Any) -> list[FlatField]:
    """Return the fields of a dataclass, with groups replaced by their fields."""
    fields = []
    for field in _fields(cls):
        if isinstance(field.note, Group):
            inner = flat_fields(field.type)
            fields += [replace(each, name=field.note.prefix + each.name) for each in inner]
        else:
            fields.append(field)
    return fields


def flat_values(value: Any) -> dict[str, Any]:
    """Return the values of these fields, by name. value: an instance of a dataclass."""
    flat: dict[str, Any] = {}
    for field in _fields(type(value)):
        inner = getattr(value, field.name)
        if isinstance(field.note, Group):
            flat |= {field.note.prefix + name: each for name, each in flat_values(inner).items()}
        else:
            flat[field.name] = inner
    return flat


def build(cls: type[T], values: Mapping[str, Any]) -> T:
    """Make a dataclass from values of flat fields. Missing ones get their defaults."""
    arguments: dict[str, Any] = {}
    for field in _fields(cls):
        if isinstance(field.note, Group):
            names = {each.name: field.note.prefix + each.name for each in flat_fields(field.type)}
            inner = {name: values[outside] for name, outside in names.items() if outside in values}
            arguments[field.name] = build(field.type, inner)
        elif field.name in values:
            arguments[field.name] = values[field.name]
    return cls(**arguments)


def _own_fields(cls: Any) -> tuple[FlatField, ...]:
    """Return the fields of a dataclass, including groups."""
    hints = get_type_hints(cls, include_extras=True)
    fields = []
    for field in dataclasses.fields(cls):
        kind, note = hints[field.name], None
        if get_origin(kind) is Annotated:
            kind, note = get_args(kind)[:2]
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        fields.append(FlatField(field.name, kind, note, required))
    return tuple(fields)


_fields: Callable[[Any], tuple[FlatField, ...]] = cache(_own_fields)
