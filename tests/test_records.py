"""Records equal dataclasses in the features that they have."""

import subprocess
import sys

import pytest

from greenchat.records import field, record, replace


@record(frozen=True)
class Point:
    x: int
    y: int = 2


@record(eq=False)
class Bag:
    name: str
    things: list[str] = field(default_factory=list)
    secret: str = field(default="s", repr=False)


@record()
class Mutable:
    x: int


@record(frozen=True)
class Child(Point):
    owner: str = field(kw_only=True)
    z: int = 0


def test_they_are_constructed_like_dataclasses() -> None:
    assert (Point(1).x, Point(1).y, Point(y=5, x=4).y) == (1, 2, 5)
    with pytest.raises(TypeError, match=r"__init__\(\) missing 1 required positional argument: 'x'"):
        Point()  # type: ignore[call-arg]  # what is tested
    with pytest.raises(TypeError):
        Point(1, 2, 3)  # type: ignore[call-arg]  # what is tested
    first, second = Bag("a"), Bag("b")
    first.things.append("cup")
    assert second.things == []
    child = Child(1, z=9, owner="me")
    assert (child.x, child.y, child.z, child.owner) == (1, 2, 9, "me")


def test_they_compare_and_hash_by_their_fields() -> None:
    assert Point(1) == Point(1, 2) != Point(2)
    assert {Point(1), Point(1, 2)} == {Point(1)}
    assert Bag("a") != Bag("a")
    assert Point(1).__eq__((1, 2)) is NotImplemented
    with pytest.raises(TypeError):
        hash(Mutable(1))


def test_repr_matching_and_copying() -> None:
    assert repr(Point(1)) == "Point(x=1, y=2)"
    assert "secret" not in repr(Bag("a"))
    match Point(3, 4):
        case Point(x, y):
            assert (x, y) == (3, 4)
    assert replace(Point(1), y=7) == Point(1, 7)
    with pytest.raises(TypeError, match="Point has no field z"):
        replace(Point(1), z=7)
    assert not hasattr(Point(1), "__dict__")


def test_nothing_is_compiled_before_it_is_needed() -> None:
    @record()
    class Later:
        x: int

    before = Later.__init__
    Later(1)
    assert Later.__init__ is not before
    assert Later(x=2).x == 2


def test_the_client_starts_without_dataclasses() -> None:
    """`dataclasses` and `inspect` are a third of the start."""
    code = "import sys, greenchat.client.main; print(sorted({'dataclasses', 'inspect', 'argparse'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
