"""Applies new settings, and loads accounts made by `greenchat-server adduser`."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from greenchat.chat.accounts import Account
from greenchat.commands.connection.capabilities import announce_capabilities, in_force
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Background
from greenchat.commands.core.persistence import keep_account
from greenchat.commands.core.steps import step
from greenchat.commands.info.isupport import announce_isupport
from greenchat.commands.operators.oper import revoke_operators
from greenchat.config.document import from_document
from greenchat.config.settings import Settings


@step("configured")
def configure(ctx: Context, document: Mapping[str, Any], logins: int, registrations: int) -> Background:
    """Apply settings. The caller must carry out the returned work, which tells the affected users.

    document: of the settings, see `config.document`. logins, registrations: the limits, see `Attempts`.
    """
    network = ctx.network
    before, offered_before = network.settings, in_force(network)
    network.configure(from_document(Settings, document))
    network.protection.logins.limit = logins
    network.protection.registrations.limit = registrations
    revoke_operators(ctx)
    return Background(lambda ctx: chain(announce_isupport(ctx, before), announce_capabilities(ctx, offered_before)))


@step("accounts.found")
def load_accounts(ctx: Context, documents: Sequence[Mapping[str, Any]]) -> None:
    """Load accounts that `greenchat-server adduser` has made while the server runs."""
    accounts = ctx.network.accounts
    for account in map(Account.from_document, documents):
        if accounts.get(account.name) is None:
            keep_account(ctx, accounts.put(account))  # other nodes have their own stores
