"""Changes of a running server's state that no client can make, as a handler would make them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from greenchat.chat.accounts import Account, account_id
from greenchat.chat.user import User
from greenchat.commands.core.context import Context
from greenchat.protocol.message import Message
from greenchat.server.app import App
from tests.staff import STAFFED

T = TypeVar("T")


class Running(Protocol):
    """A server, with sockets or without."""

    def call(self, function: Callable[[App], T]) -> T:
        """Run something as the server itself, between two turns, and return what it returns."""


def act(server: Running, nick: str, change: Callable[[Context, User], None]) -> None:
    """Run something as if a command of this user's first session did it."""

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
    """Give a user the mode of operators, and the rights of an administrator."""

    def change(ctx: Context, user: User) -> None:
        ctx.network.configure(replace(ctx.network.settings, staff=STAFFED.staff))
        user.oper = "root"
        ctx.network.set_mode(user, "o", True)

    act(server, nick, change)


def add_account(server: Running, name: str) -> None:
    """Make an account of this name, if there is none; nobody can log in to it."""

    def add(app: App) -> None:
        if name and app.network.accounts.get(name) is None:
            app.network.accounts.put(Account(name, "", app.now(), id=account_id(app.network.ids.next(app.now()))))

    server.call(add)


def log_in(server: Running, nick: str, account: str) -> None:
    """Give a user an account, silently."""
    add_account(server, account)

    def change(ctx: Context, user: User) -> None:
        ctx.network.set_account(user, account)

    act(server, nick, change)


def give(server: Running, nick: str, channel: str, letter: str) -> None:
    """Give a member a mode that nobody on a new channel can give."""

    def change(ctx: Context, user: User) -> None:
        place = ctx.network.channel(channel)
        assert place
        ctx.network.set_member_mode(user, place, letter, True)

    act(server, nick, change)


def let_pass(server: Running, ms: int) -> None:
    """Let so many ms pass, by the date and by the monotonic clock, and run what is due then."""

    def change(app: App) -> None:
        now, steady = app.now, app.clock._steady
        app.now = lambda: now() + ms  # type: ignore[method-assign]  # the clock of this one server
        app.clock._steady = lambda: steady() + ms
        app.upkeep.sweeper.sweep()

    server.call(change)
