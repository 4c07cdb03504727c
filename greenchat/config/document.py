"""Settings as documents, in JSON values, and back. A log of acts contains them, since they affect commands.

Works on dataclasses whose fields are numbers, strings, booleans, dataclasses, networks, and tuples and mappings of
these. The fields of a group are among the others, see `config.groups`.
"""

import dataclasses
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from typing import Any, TypeVar, get_args, get_origin

from greenchat.config.groups import build, flat_fields, flat_values
from greenchat.values import addresses
from greenchat.values.addresses import IpNetwork

T = TypeVar("T")


def to_document(value: Any) -> Any:
    """Return a value of such a dataclass, or of one of its fields, as a JSON value."""
    if dataclasses.is_dataclass(value):
        return {name: to_document(each) for name, each in flat_values(value).items()}
    if isinstance(value, tuple):
        return [to_document(each) for each in value]
    if isinstance(value, Mapping):
        return {name: to_document(each) for name, each in value.items()}
    if isinstance(value, IPv4Network | IPv6Network):
        return str(value)
    return value


def from_document(cls: type[T], stored: Mapping[str, Any]) -> T:
    """Make a dataclass from `to_document`'s output. Missing fields, unknown to an older version, get their defaults.

    Raises TypeError or ValueError for a damaged document.
    """
    kinds = {field.name: field.type for field in flat_fields(cls)}
    return build(cls, {name: _read(kinds[name], value) for name, value in stored.items() if name in kinds})


def _read(kind: Any, value: Any) -> Any:
    if dataclasses.is_dataclass(kind):
        return from_document(kind, value)  # type: ignore[arg-type]  # the class, not one of its values
    origin = get_origin(kind)
    if origin is tuple:
        return tuple(_read(get_args(kind)[0], each) for each in value)
    if origin is Mapping:
        return {name: _read(get_args(kind)[1], each) for name, each in value.items()}
    if kind == IpNetwork:
        return addresses.network(value)
    return value
