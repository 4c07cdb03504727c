"""Changes of a running server's state that no client can make, made as a handler makes them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from greenchat.chat.accounts import Account, account_id
from greenchat.chat.user import User
from greenchat.commands.core.context import Context
from greenchat.protocol.message import Message
from greenchat.server.app import App
from tests.opers import WITH_OPERS

T = TypeVar("T")


class Running(Protocol):
    """A server, with or without sockets."""

    def call(self, function: Callable[[App], T]) -> T:
        """Run a function as the server itself, between two turns, and return its result."""


def run_as_user(server: Running, nick: str, change: Callable[[Context, User], None]) -> None:
    """Run a function as if by a command of the user's first session."""

    def run(app: App) -> None:
        user = app.network.user(nick)
        assert user
        app.turn.begin()
        session = user.sessions[0]
        ctx = Context(app.network, session, Message("TEST"), now=app.now(), process=app, journal=app.turn)
        change(ctx, user)
        ctx.answer()

    server.call(run)


def make_operator(server: Running, nick: str) -> None:
    """Give a user the user mode +o and the rights of an administrator."""

    def change(ctx: Context, user: User) -> None:
        ctx.network.configure(replace(ctx.network.settings, staff=WITH_OPERS.staff))
        user.oper = "root"
        ctx.network.set_mode(user, "o", True)

    run_as_user(server, nick, change)


def add_account(server: Running, name: str) -> None:
    """Create an account of this name, if it doesn't exist; nobody can log in to it."""

    def add(app: App) -> None:
        if name and app.network.accounts.get(name) is None:
            app.network.accounts.put(Account(name, "", app.now(), id=account_id(app.network.ids.next(app.now()))))

    server.call(add)


def log_in(server: Running, nick: str, account: str) -> None:
    """Log a user in to an account, without announcing it."""
    add_account(server, account)

    def change(ctx: Context, user: User) -> None:
        ctx.network.set_account(user, account)

    run_as_user(server, nick, change)


def give_member_mode(server: Running, nick: str, channel: str, letter: str) -> None:
    """Give a member a mode that nobody in a new channel can give."""

    def change(ctx: Context, user: User) -> None:
        place = ctx.network.channel(channel)
        assert place
        ctx.network.set_member_mode(user, place, letter, True)

    run_as_user(server, nick, change)


def advance_clock(server: Running, ms: int) -> None:
    """Move the date and the monotonic clock forward by so many milliseconds, and run what is due then."""

    def change(app: App) -> None:
        now, steady = app.now, app.clock._steady
        app.now = lambda: now() + ms  # type: ignore[method-assign]  # the clock of this one server
        app.clock._steady = lambda: steady() + ms
        app.upkeep.sweeper.sweep()

    server.call(change)
