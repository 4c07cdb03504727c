"""Small classes of plain fields, declared like dataclasses, without their cost at the start of a program.

`dataclasses` imports `inspect` and compiles up to six functions for every class when it is declared: for the hundred
classes of the client that is a third of its start. Here a class gets its `__init__` compiled when its first object is
made, and nothing else is compiled. `frozen` is checked by mypy and makes objects hashable; nothing enforces it at run
time.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform, overload

_T = TypeVar("_T")
_MISSING: Any = object()
_FIELDS = "__record_fields__"


class Field:
    """The properties of a field besides its name and type."""

    __slots__ = ("default", "factory", "kw_only", "name", "repr")

    def __init__(self, default: object, factory: Callable[[], object] | None, *, kw_only: bool, shown: bool) -> None:
        self.name = ""
        self.default = default
        self.factory = factory
        self.kw_only = kw_only
        self.repr = shown


@overload
def field(*, default_factory: Callable[[], _T], kw_only: bool = False, repr: bool = True) -> _T: ...
@overload
def field(*, default: _T, kw_only: bool = False, repr: bool = True) -> _T: ...
@overload
def field(*, kw_only: bool = False, repr: bool = True) -> Any: ...
def field(
    *,
    default: object = _MISSING,
    default_factory: Callable[[], object] | None = None,
    kw_only: bool = False,
    repr: bool = True,
) -> Any:
    """Declare a field with a default that is made for each object, by keyword only, or not shown by `repr`."""
    return Field(default, default_factory, kw_only=kw_only, shown=repr)


@dataclass_transform(field_specifiers=(field,))
def record(*, frozen: bool = False, eq: bool = True, slots: bool = True) -> Callable[[type[_T]], type[_T]]:
    """Make a slotted class of the annotated fields. eq: equal by its fields. frozen: it has a hash."""
    assert slots, "a record has slots"

    def make(cls: type[_T]) -> type[_T]:
        return _make(cls, frozen=frozen, eq=eq)

    return make


def replace(value: _T, /, **changes: object) -> _T:
    """Return a copy of a record with other values in some fields. Raises TypeError for an unknown field."""
    cls = type(value)
    names = [each.name for each in getattr(cls, _FIELDS)]
    if hasattr(cls, "__post_init__"):
        return cls(**{name: getattr(value, name) for name in names} | changes)
    copy = cls.__new__(cls)
    for name in names:
        setattr(copy, name, changes.pop(name) if name in changes else getattr(value, name))
    if changes:
        raise TypeError(f"{cls.__name__} has no field {', '.join(changes)}")
    return copy


def _make(cls: type[_T], *, frozen: bool, eq: bool) -> type[_T]:
    own: list[Field] = []
    namespace = dict(cls.__dict__)
    for name, annotation in namespace.get("__annotations__", {}).items():
        if str(annotation).startswith(("ClassVar", "typing.ClassVar")):
            continue
        declared = namespace.pop(name, _MISSING)
        each = declared if isinstance(declared, Field) else Field(declared, None, kw_only=False, shown=True)
        each.name = name
        own.append(each)
    inherited = [each for base in reversed(cls.__mro__[1:]) for each in base.__dict__.get(_FIELDS, ())]
    fields = (*inherited, *own)
    names = tuple(each.name for each in fields)
    namespace.pop("__dict__", None)
    namespace.pop("__weakref__", None)
    namespace["__slots__"] = tuple(each.name for each in own)
    namespace[_FIELDS] = fields
    namespace.setdefault("__match_args__", tuple(each.name for each in fields if not each.kw_only))
    namespace.setdefault("__repr__", _repr)
    if eq:
        key = attrgetter(*names) if names else _nothing
        namespace.setdefault("__eq__", _equal(key))
        namespace.setdefault("__hash__", _hash(key) if frozen else None)
    metaclass: Any = type(cls)
    made: Any = metaclass(cls.__name__, cls.__bases__, namespace)
    made.__qualname__ = cls.__qualname__
    if "__init__" not in namespace:
        made.__init__ = _first_init(made)
    result: type[_T] = made
    return result


def _first_init(cls: Any) -> Callable[..., None]:
    """Return the `__init__` that compiles the real one, replaces itself with it, and calls it."""

    def init(self: object, *args: object, **kwargs: object) -> None:
        real = _compiled(cls)
        cls.__init__ = real
        real(self, *args, **kwargs)

    return init


def _compiled(cls: Any) -> Callable[..., None]:
    fields: tuple[Field, ...] = getattr(cls, _FIELDS)
    scope: dict[str, Any] = {"_missing": _MISSING}
    positional: list[str] = []
    keywords: list[str] = []
    body: list[str] = []
    for each in fields:
        name = each.name
        parameter, value = name, name
        if each.factory is not None:
            scope[f"_make_{name}"] = each.factory
            parameter, value = f"{name}=_missing", f"_make_{name}() if {name} is _missing else {name}"
        elif each.default is not _MISSING:
            scope[f"_default_{name}"] = each.default
            parameter = f"{name}=_default_{name}"
        (keywords if each.kw_only else positional).append(parameter)
        body.append(f"    self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("    self.__post_init__()")
    parameters = ", ".join(["self", *positional, *["*"] * bool(keywords), *keywords])
    exec(f"def __init__({parameters}):\n" + ("\n".join(body) or "    pass"), scope)
    made: Callable[..., None] = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _repr(self: Any) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in getattr(self, _FIELDS) if each.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _equal(key: Callable[[Any], object]) -> Callable[[Any, object], Any]:
    def equal(self: Any, other: object) -> Any:
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    return equal


def _hash(key: Callable[[Any], object]) -> Callable[[Any], int]:
    def hashed(self: Any) -> int:
        return hash(key(self))

    return hashed


def _nothing(_value: object) -> tuple[()]:
    return ()
