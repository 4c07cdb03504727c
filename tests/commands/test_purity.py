"""An act has the same effect on every node: the functions that apply it read nothing that differs between nodes.

The test follows the functions that a step, or a command that is an act, calls by name, in all modules. Time and chance
are arguments (`test_layers.py` checks that no command imports a clock); this test checks the rest: no random bytes, no
reading of the history, no question to the process, no iteration over a set.
"""

import ast
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from types import FunctionType
from typing import Any

import pytest

from greenchat.commands.catalog import COMMANDS
from greenchat.commands.core.context import Context
from greenchat.commands.core.registry import Way
from greenchat.commands.core.steps import STEPS

PURE = (
    "greenchat.commands.",
    "greenchat.chat.",
    "greenchat.values.",
    "greenchat.protocol.",
    "greenchat.config.",
    __name__,
)
ACTS = {f"step {name}": function for name, function in STEPS.items()} | {
    f"command {name}": row.handler for name, row in COMMANDS.items() if row.way is Way.ACT
}
# Attributes of a context or a journal that differ between nodes.
FORBIDDEN = {
    "random": "draw it where the client is, and give it to a step as a field",
    "store": "the history of this turn may be stored already, or not: look where the client is",
    "process": "each node has another one",
    "options": "each node may have others",
}
# Attributes of `network.local`, which each node has its own of, that an act may read.
HARMLESS = {
    "monitors": "it decides who is told here",
    "changed_presences": "it is filled by this act",
    "logins": "it is a count for metrics",
    "warnings": "the operator is told of them",
    "vapid": "it words an answer",
    "server_password": "it is checked where the client is, before the act",
}
# The exceptions, each with its reason.
MAY = {
    "core.audit_log.record": "each node writes all into its own log, and nothing reads that",
    "core.audit_log.note": "as record",
    "connection.always_on.tell_missed": "it only answers the session: nothing comes of it elsewhere",
    "history.replay.replay_on_join": "as tell_missed",
    "accounts.verification.hint": "as tell_missed: it words an answer",
    "accounts.verification.mail_code": "it only prepares what is done where the act came from, and nowhere else",
    "history.markread._stored_times": "acts alone write them, and those of a turn are stored before they are read",
}
# Callables whose result does not depend on the order of a generator.
ORDERLESS = {"sorted", "any", "all", "sum", "min", "max", "set", "frozenset"}


@cache
def nodes(function: FunctionType) -> tuple[ast.AST, ...]:
    """Return every node of the function's source."""
    return tuple(ast.walk(ast.parse(inspect.cleandoc("\n" + inspect.getsource(function)))))


@cache
def called(function: FunctionType) -> list[FunctionType]:
    """Return our functions that a function names: it calls them, or passes them on. Most acts share most of them."""
    return list(_named(function))


def _named(function: FunctionType) -> Iterator[FunctionType]:
    known: dict[str, Any] = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    for node in nodes(function):
        found: Any = None
        if isinstance(node, ast.Name):
            found = known.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found = getattr(known.get(node.value.id), node.attr, None)
        if inspect.isfunction(found) and found.__module__.startswith(PURE):
            yield found


def reached(function: Callable[..., object]) -> dict[FunctionType, str]:
    """Return all functions that an act can reach, each with the path to it."""
    first = inspect.unwrap(function)
    assert inspect.isfunction(first)
    found: dict[FunctionType, str] = {first: first.__name__}
    waiting = [first]
    while waiting:
        one = waiting.pop()
        for other in called(one):
            if other not in found and full_name(other) not in MAY:
                found[other] = f"{found[one]} > {other.__name__}"
                waiting.append(other)
    return found


def full_name(function: FunctionType) -> str:
    return f"{function.__module__.removeprefix('greenchat.commands.')}.{function.__qualname__}"


@cache
def impure(function: FunctionType) -> list[str]:
    """Return what a function reads that differs between nodes."""
    return list(_impurities(function))


def _impurities(function: FunctionType) -> Iterator[str]:
    taken = [each for node in nodes(function) for each in without_order(node)]
    for node in nodes(function):
        if isinstance(node, ast.Attribute) and node.attr in FORBIDDEN and isinstance(node.ctx, ast.Load):
            yield f"{node.attr}: {FORBIDDEN[node.attr]}"
        is_local = isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("network.local")
        if isinstance(node, ast.Attribute) and is_local and node.attr not in HARMLESS:
            yield f"local.{node.attr}: each node has its own"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("id", "hash"):
            yield f"{node.func.id}(): it is another one in each process"
        for loop in () if node in taken else iterated(node):
            if isinstance(loop, ast.Set | ast.SetComp) or (
                isinstance(loop, ast.Call) and isinstance(loop.func, ast.Name) and loop.func.id in ("set", "frozenset")
            ):
                yield f"the order of {ast.unparse(loop)}: sort it"


def iterated(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.For):
        yield node.iter
    elif isinstance(node, ast.ListComp | ast.DictComp | ast.GeneratorExp):
        yield from (each.iter for each in node.generators)


def without_order(node: ast.AST) -> list[ast.expr]:
    """Return the generators whose order does not matter."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ORDERLESS:
        return node.args
    return []


@pytest.mark.parametrize("name", ACTS)
def test_acts_read_nothing_that_differs_between_nodes(name: str) -> None:
    wrong = [f"{way}: {what}" for function, way in reached(ACTS[name]).items() for what in impure(function)]
    assert wrong == []


def test_calls_are_followed() -> None:
    """Otherwise the test would pass for having looked at nothing."""
    assert len(ACTS) > 100
    assert any(way.count(" > ") > 5 for way in reached(ACTS["command JOIN"]).values())
    named = {full_name(each) for act in ACTS.values() for one in reached(act) for each in called(one)}
    assert MAY.keys() <= named, "an exception is no longer needed"


def test_impurities_are_found() -> None:
    def draws(ctx: Context) -> None:
        _ask(ctx)
        for each in {ctx.nick, id(ctx)}:
            ctx.notice(str(each))
        ctx.notice(" ".join(word for word in set(ctx.message.params)))
        ctx.weight += sum(len(word) for word in set(ctx.message.params))

    found = [f"{way}: {what}" for function, way in reached(draws).items() for what in impure(function)]
    assert [line.partition(":")[0] for line in found] == ["draws"] * 3 + ["draws > _ask"] * 3


def _ask(ctx: Context) -> None:
    ctx.notice(ctx.random(4).hex())
    assert ctx.journal.store.last_id()
    assert ctx.network.local.history_quota
