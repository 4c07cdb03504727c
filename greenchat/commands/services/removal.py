"""The removal of accounts: by their owner (DROP), by an operator (ERASE, `greenchat-server erase-account`).

All sessions of the account are logged out, even unregistered ones; an always-on user leaves. None of its data passes
to the next account of its name, see `chat.accounts`.
"""

from dataclasses import replace

from greenchat.chat.accounts import Account
from greenchat.chat.channel import Channel
from greenchat.commands.accounts.login import mask
from greenchat.commands.connection.quit import remove_user
from greenchat.commands.core.audit_log import act, note
from greenchat.commands.core.context import Context
from greenchat.commands.core.persistence import (
    Change,
    account_removal,
    carry_out,
    name_release,
    name_reservation,
    registration_update,
)
from greenchat.commands.core.steps import step
from greenchat.commands.users.identity import set_account
from greenchat.protocol.numerics import Numeric


def owned(ctx: Context, account: Account) -> list[Channel]:
    """Return the channels of which an account is the founder."""
    channels = ctx.network.channels.values()
    return [channel for channel in channels if channel.registration and channel.registration.founder == account.id]


def successor_of(ctx: Context, channel: Channel) -> Account | None:
    """Return the account that gets a channel when its founder's is removed."""
    registration = channel.registration
    return ctx.network.accounts.by_id(registration.successor) if registration and registration.successor else None


def channel_transfers(ctx: Context, account: Account) -> list[Change]:
    """Return the changes that transfer an account's channels to their successors, and release the others."""
    changes = []
    for channel in owned(ctx, account):
        successor, registration = successor_of(ctx, channel), channel.registration
        if successor is None or registration is None:
            changes.append(registration_update(ctx, channel, None))
            continue
        access = {key: rank for key, rank in registration.access.items() if key not in (successor.id, account.id)}
        changes.append(
            registration_update(ctx, channel, replace(registration, founder=successor.id, access=access, successor=""))
        )
    return changes


def erase_account(ctx: Context, account: Account) -> None:
    """Delete an account and free its name. Raises StoreError, and then nothing has changed."""
    former = ctx.network.accounts.reserved(account.name)
    _end(ctx, account, *([name_release(ctx, former)] if former else []))


@step("shell.erased_account")
def erase_from_shell(ctx: Context, name: str) -> tuple[str, int]:
    """Erase an account for the shell; return its name, and the msgid of its creation.

    Raises KeyError if there is none, StoreError if that can't be stored.
    """
    account = ctx.network.accounts.get(name)
    if account is None:
        raise KeyError(name)
    act(ctx, "ERASE", f"The account {account.name} and its messages were erased from the shell")
    erase_account(ctx, account)
    return account.name, account.birth


def remove_account(ctx: Context, account: Account) -> None:
    """Delete an account; its name stays reserved, see `persistence.free_name`.

    Raises StoreError, and then nothing has changed.
    """
    _end(ctx, account, name_reservation(ctx, account))


def _end(ctx: Context, account: Account, *name: Change) -> None:
    """Remove an account, and handle its channels and its name, in one transaction."""
    successors = [
        (channel.name, successor) for channel in owned(ctx, account) if (successor := successor_of(ctx, channel))
    ]
    carry_out(ctx, *channel_transfers(ctx, account), account_removal(ctx, account), *name)
    for channel, successor in successors:
        note(ctx, "CHANSERV", f"{channel} now belongs to {successor.name}, the successor of {account.name}")
    log_everybody_out(ctx, account.name, "The account was deleted")


def log_everybody_out(ctx: Context, name: str, reason: str) -> None:
    """Log out every session of an account; users without sessions leave with a reason."""
    log_out_sessions(ctx, name)
    for user in ctx.network.users_of(name):  # the remaining ones have no sessions
        remove_user(ctx, user, reason)


def log_out_sessions(ctx: Context, name: str) -> None:
    """Log out every session of an account; users without sessions stay."""
    network = ctx.network
    folded = network.fold(name)
    for session in [session for session in network.sessions if network.fold(session.account) == folded]:
        session.account = ""
        session.sasl = None
        session_ctx = ctx if session is ctx.session else ctx.for_session(session)
        session_ctx.reply(Numeric.RPL_LOGGEDOUT, mask(session_ctx))
    for user in network.users_of(name):
        if user.sessions:
            set_account(ctx, user, "")
