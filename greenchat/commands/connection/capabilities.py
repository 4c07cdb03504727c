"""CAP: negotiation of IRCv3 capabilities. https://ircv3.net/specs/extensions/capability-negotiation"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from greenchat.chat.network import Network
from greenchat.chat.protection.defcon import NO_ACCOUNTS
from greenchat.chat.user import Session
from greenchat.commands.connection.registration import complete_registration
from greenchat.commands.core.cap_offers import OFFERS
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.registry import command
from greenchat.commands.core.steps import step
from greenchat.commands.users.metadata_sync import send_own
from greenchat.config.settings import Settings
from greenchat.protocol import caps
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.wrap import wrap

_WITH_VALUES = 302  # the version of CAP LS that has values, several lines, and cap-notify
# "The capability MUST be advertised by servers with a REQUIRED value": https://ircv3.net/specs/extensions/multiline.
# "When enabled, the capability has a REQUIRED value": https://ircv3.net/specs/extensions/sts
_NEEDS_VALUE = caps.MULTILINE | caps.STS


def _sts(settings: Settings, session: Session) -> str | None:
    """Return the upgrade policy for a session without TLS, the persistence policy for one with it.

    https://ircv3.net/specs/extensions/sts
    """
    policy = settings.sts
    if policy.port <= 0 or session.registration.cap_version < _WITH_VALUES:  # "the capability has a REQUIRED value"
        return None
    if not session.secure:
        return f"port={policy.port}"
    return f"duration={policy.duration}" + (",preload" if policy.preload else "")


OFFERS[caps.STS] = _sts
_WEIGHT = 20  # comparing all offers of a session takes as long as so many steps of a long answer
_NEVER_GRANTED = caps.STS  # "Clients MUST NOT request this capability"
_NEVER_TAKEN = caps.STS  # "Servers MUST NOT send CAP DEL to disable this capability"


@command("CAP", params=1, anytime=True)
def cap(ctx: Context) -> Continuation | None:
    """CAP LS [<version>] | LIST | REQ <capabilities> | END

    List and request optional features of the protocol. Clients do this for you.
    """
    subcommand, *rest = ctx.message.params
    handler = _SUBCOMMANDS.get(subcommand.upper())
    if handler is None:
        raise IrcError(Numeric.ERR_INVALIDCAPCMD, subcommand)
    return handler(ctx, " ".join(rest))


def offered(settings: Settings, session: Session, epoch: int) -> dict[str, str]:
    """Return the capabilities offered to a session now, in the table's order, with their values.

    epoch: of the state. Nodes of an older version would refuse a later capability, and have another state then.
    """
    values = {}
    for name, capability in caps.CAPABILITIES.items():
        if not capability.served or capability.since > epoch:
            continue
        offer = OFFERS.get(capability.bit)
        value = offer(settings, session) if offer else ""
        if value is not None:
            values[name] = value
    return values


def in_force(network: Network) -> Settings:
    """Return the settings, without features that DEFCON has disabled."""
    settings = network.settings
    if network.protection.defcon > NO_ACCOUNTS:
        return settings
    return replace(settings, accounts=replace(settings.accounts, registration=False))


def announce_capabilities(ctx: Context, before: Settings) -> Iterator[None]:
    """Tell clients with cap-notify what new settings added and removed, CAP NEW and CAP DEL, in steps.

    before: of `in_force`. Clients that connect meanwhile get the new offers anyway.
    """
    for session in list(ctx.network.sessions):
        if session in ctx.network.sessions:
            _announce(ctx.for_session(session), before, in_force(ctx.network))
        for _ in range(_WEIGHT):
            yield


def _announce(ctx: Context, before: Settings, now: Settings) -> None:
    session = ctx.session
    epoch = ctx.network.nodes.epoch
    old, new = offered(before, session, epoch), offered(now, session, epoch)
    removed = [name for name in old if name not in new and not caps.CAPABILITIES[name].bit & _NEVER_TAKEN]
    added = {name: value for name, value in new.items() if old.get(name) != value}
    if session.caps & caps.CAP_NOTIFY:
        _send(ctx, "DEL", removed)
        _send(ctx, "NEW", _advertised(added, session.registration.cap_version))
    lost = sum(caps.CAPABILITIES[name].bit for name in removed)
    if session.caps & lost and session.outbox.is_local:  # its own node does this for other sessions
        ctx.propose(_lose, lost)


@step("caps.lost")
def _lose(ctx: Context, lost: int) -> None:
    _set_caps(ctx, ctx.session, ctx.session.caps & ~lost)


def _ls(ctx: Context, version: str) -> None:
    session = ctx.session
    _suspend_registration(session)
    asked = int(version[:4]) if version.isascii() and version.isdigit() else 301
    # "If a client sends a higher CAP version at any time, the server MUST store the higher version."
    session.registration.cap_version = max(session.registration.cap_version, asked)
    if session.registration.cap_version >= _WITH_VALUES:
        # "This capability MUST be implicitly enabled if the client requests CAP LS with a version of 302 or newer"
        ctx.network.set_caps(session, session.caps | caps.CAP_NOTIFY)
    offers = offered(in_force(ctx.network), session, ctx.network.nodes.epoch)
    # "If a client sends a lower CAP version ..., servers SHOULD return a CAP LS reply consistent with the request's"
    _send_list(ctx, "LS", _advertised(offers, asked), several=asked >= _WITH_VALUES)


def _list(ctx: Context, _: str) -> None:
    _send_list(ctx, "LIST", caps.names(ctx.session.caps), several=ctx.session.registration.cap_version >= _WITH_VALUES)


def _req(ctx: Context, requested: str) -> None:
    session = ctx.session
    _suspend_registration(session)
    words = requested.split()
    wanted = _wanted(ctx, words)
    if wanted is None:
        _send(ctx, "NAK", words)
        return
    _send(ctx, "ACK", words or [""])
    # "a server MUST NOT change the capabilities of the client until the last ACK of the set has been sent"
    ctx.answer()
    is_new = wanted & ~session.caps
    _set_caps(ctx, session, wanted)
    if session.user and is_new & caps.METADATA_2:
        # "Upon requesting the `metadata` capability, clients receive their non-transient metadata"
        send_own(ctx, session.user)


def _wanted(ctx: Context, requested: list[str]) -> int | None:
    """Return the requested bits; None if one of them is refused, because then all are."""
    session = ctx.session
    offers = offered(in_force(ctx.network), session, ctx.network.nodes.epoch)
    wanted = session.caps
    for entry in requested:
        name = entry.removeprefix("-")
        if name not in offers:
            return None
        bit = caps.CAPABILITIES[name].bit
        if bit & _NEVER_GRANTED:
            return None
        if entry != name and bit == caps.CAP_NOTIFY and session.registration.cap_version >= _WITH_VALUES:
            # "servers MUST NOT disable the cap-notify capability if the client requests CAP LS with a version of 302"
            return None
        wanted = wanted & ~bit if entry != name else wanted | bit
    if wanted & caps.METADATA == caps.METADATA:
        # "Clients MUST NOT request more than one of `metadata-notify`, `draft/metadata-2`, and `draft/metadata-3`.
        # Servers MUST NOT accept these requests either."
        return None
    return wanted


@step("session.kind")
def set_kind(ctx: Context, bits: int, dialect: int) -> None:
    """Change the dialect of the sender's connection."""
    ctx.network.set_kind(ctx.session, bits, dialect)


def _set_caps(ctx: Context, session: Session, wanted: int) -> None:
    lost = session.caps & ~wanted
    ctx.network.set_caps(session, wanted)
    if session.metadata and lost & (caps.METADATA | caps.BATCH):
        # "If a client removes this capability or the batch capability from themselves, servers MUST clear that client's
        # subscription list."
        session.metadata.subscriptions.clear()


def _end(ctx: Context, _: str) -> Continuation | None:
    if ctx.session.user is not None:
        return None
    ctx.session.registration.negotiating = False
    return complete_registration(ctx)


def _suspend_registration(session: Session) -> None:
    if session.user is None:
        session.registration.negotiating = True


def _send_list(ctx: Context, subcommand: str, names: list[str], *, several: bool) -> None:
    """Send a list in several lines, all but the last with a `*`, or in one line without the items that do not fit."""
    lines = [" ".join(line) for line in wrap(names, ctx.room("CAP", ctx.nick, subcommand, "*"))] or [""]
    if several:
        for line in lines[:-1]:
            ctx.respond(ctx.envelope("CAP", ctx.nick, subcommand, "*", line))
        ctx.respond(ctx.envelope("CAP", ctx.nick, subcommand, lines[-1]))
    else:
        ctx.respond(ctx.envelope("CAP", ctx.nick, subcommand, lines[0]))


def _send(ctx: Context, subcommand: str, names: list[str]) -> None:
    for line in wrap(names, ctx.room("CAP", ctx.nick, subcommand)):
        ctx.respond(ctx.envelope("CAP", ctx.nick, subcommand, " ".join(line)))


def _advertised(values: dict[str, str], version: int) -> list[str]:
    """Return capabilities as CAP LS and NEW of this version have them.

    Versions without values omit capabilities that need one, which may still be requested.
    """
    if version >= _WITH_VALUES:
        return [f"{name}={value}" if value else name for name, value in values.items()]
    return [name for name in values if not caps.CAPABILITIES[name].bit & _NEEDS_VALUE]


_SUBCOMMANDS: dict[str, Callable[[Context, str], Continuation | None]] = {
    "LS": _ls,
    "LIST": _list,
    "REQ": _req,
    "END": _end,
}
