"""METADATA: values that users publish about themselves and their channels. https://ircv3.net/specs/extensions/metadata

Quotations are from its third draft; see `metadata_wire`, which also has the messages of the second.
"""

from collections.abc import Callable, Iterable, Mapping

from greenchat.chat.channel import Channel
from greenchat.chat.metadata import MetadataUse, changed, is_key
from greenchat.chat.rights import rights_of
from greenchat.chat.user import Session
from greenchat.commands.core.audit_log import act
from greenchat.commands.core.cap_offers import OFFERS
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation, Streamed
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.registry import command
from greenchat.commands.users import metadata_wire
from greenchat.commands.users.metadata_sync import (
    ALL,
    AT_ONCE,
    LATER,
    Target,
    change,
    name_of,
    seen_with,
    sync,
    visible_targets,
    with_values,
)
from greenchat.config.settings import Settings
from greenchat.protocol import caps
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.wrap import wrap
from greenchat.values.masks import glob

_LIGHT = 250  # targets that weigh as much as one command: see Context.weight
_KEYS_A_LINE = 12  # "Old RFCs limited the number of parameters in an IRC message to 15"


@command("METADATA", anytime=True, stores=3)
def metadata(ctx: Context) -> Continuation | None:
    """METADATA <target> GET|LIST|SET|CLEAR|SUB|UNSUB|SUBS|SYNC [<key> ...] [<value>]

    Show and change the metadata of users and channels: METADATA alice LIST, METADATA * SET display-name :Alice. * is
    yourself. Clients use SUB to follow changes.
    """
    if not ctx.network.settings.metadata.enabled:
        raise IrcError(Numeric.ERR_UNKNOWNCOMMAND, "METADATA")
    target, subcommand, *params = (*ctx.message.params, "", "")[: max(2, len(ctx.message.params))]
    row = _SUBCOMMANDS.get(subcommand.upper())
    if not subcommand:
        raise metadata_wire.invalid_params(ctx, "", "Not enough parameters")
    if row is None:
        raise metadata_wire.invalid_params(ctx, subcommand, f'Unknown subcommand "{subcommand}"')
    handler, least, most = row
    if len(params) < least:
        raise metadata_wire.invalid_params(ctx, subcommand, "Not enough parameters")
    if len(params) > most:
        raise metadata_wire.invalid_params(ctx, subcommand, "Too many parameters")
    return handler(ctx, target, params)


def _get(ctx: Context, target: str, keys: list[str]) -> None:
    """Answer GET: "The ordering of responses within the batch MUST match the order keys were specified by the
    client."
    """
    name, values = _values(ctx, target)
    with ctx.batch("metadata", name):
        for key in keys:
            if _is_key(ctx, key):
                ctx.respond(metadata_wire.key_value(ctx, ctx.nick, name, key, values.get(key, "")))
            else:
                metadata_wire.warn(ctx, metadata_wire.invalid_key(ctx, key))


def _list(ctx: Context, target: str, _: list[str]) -> None:
    name, values = _values(ctx, target)
    with ctx.batch("metadata", name):
        for key, value in values.items():
            ctx.respond(metadata_wire.key_value(ctx, ctx.nick, name, key, value))


def _set(ctx: Context, target: str, params: list[str]) -> None:
    """Handle SET: "If the Value parameter is omitted or is an empty string, the key is removed." """
    key, value = (*params, "")[:2]
    name, values = _values(ctx, target)
    if not _is_key(ctx, key):
        raise metadata_wire.invalid_key(ctx, key)
    by_right = _require_may_change(ctx, target, key)
    if value and _is_denied(ctx, key):
        if not _may(ctx):
            raise metadata_wire.not_settable(name, key)
        by_right = True
    if value and key not in values and len(values) >= ctx.network.settings.metadata.keys:
        raise metadata_wire.too_many_keys(ctx, name)
    answer = metadata_wire.key_value(ctx, ctx.nick, name, key, value)
    if len(value.encode()) > ctx.network.settings.metadata.value_bytes or not answer.fits:
        raise metadata_wire.invalid_value(ctx, key)
    if not value and key not in values and metadata_wire.is_second(ctx.session):
        raise metadata_wire.not_set(name, key)
    if _is_too_fast(ctx):
        return
    _change(ctx, target, {key: value})
    ctx.respond(answer)
    if by_right:
        act(ctx, "METADATA", f"{ctx.nick} set {key} of {name} to: {value}")


def _clear(ctx: Context, target: str, _: list[str]) -> None:
    name, values = _values(ctx, target)
    by_right = _require_may_change(ctx, target, "*")
    if _is_too_fast(ctx):
        return
    _change(ctx, target, dict.fromkeys(values, ""))
    with ctx.batch("metadata", name):
        for key in values:
            ctx.respond(metadata_wire.cleared(ctx, name, key))
    if by_right:
        act(ctx, "METADATA", f"{ctx.nick} cleared the metadata of {name}")


def _sub(ctx: Context, target: str, keys: list[str]) -> Streamed | None:
    """Handle SUB.

    "After finishing sending responses ..., if the client has completed connection registration and has added new
    subscriptions, the server MUST then ... send a `metadata` batch with `*ALL` as its parameter".
    """
    _require_self(ctx, target)
    subscriptions = _use(ctx).subscriptions
    most = ctx.network.settings.metadata.subscriptions
    done, new, failure = [], [], None
    for key in keys:
        if not _is_key(ctx, key):
            metadata_wire.warn(ctx, metadata_wire.invalid_key(ctx, key))
            continue
        if key not in subscriptions:
            if len(subscriptions) >= most:
                failure = metadata_wire.too_many_subscriptions(ctx, key)
                break
            subscriptions[key] = None
            new.append(key)
        done.append(key)
    _reply_keys(ctx, Numeric.RPL_METADATASUBOK, done)
    if failure:
        ctx.refuse(failure)
    if not new or ctx.session.user is None:
        return None
    return _sync_to(ctx, None, visible_targets(ctx), dict.fromkeys(new), is_batch=False)


def _unsub(ctx: Context, target: str, keys: list[str]) -> None:
    _require_self(ctx, target)
    done = []
    for key in keys:
        if _is_key(ctx, key):
            _use(ctx).subscriptions.pop(key, None)
            done.append(key)
        else:
            metadata_wire.warn(ctx, metadata_wire.invalid_key(ctx, key))
    _reply_keys(ctx, Numeric.RPL_METADATAUNSUBOK, done)


def _subs(ctx: Context, target: str, _: list[str]) -> None:
    _require_self(ctx, target)
    with ctx.batch("metadata-subs"):
        _reply_keys(ctx, Numeric.RPL_METADATASUBS, _use(ctx).subscriptions)


def _sync(ctx: Context, target: str, _: list[str]) -> Streamed | None:
    if ctx.session.user is None:
        _require_self(ctx, target)
        with ctx.batch("metadata", "*"):
            return None
    subscriptions = dict(_use(ctx).subscriptions)
    if target == ALL:
        return _sync_to(ctx, None, visible_targets(ctx), subscriptions, is_batch=True)
    subject = _find(ctx, target)
    return _sync_to(ctx, subject, seen_with(ctx, subject), subscriptions, is_batch=True)


_Handler = Callable[[Context, str, list[str]], Continuation | None]
_MANY = 512
_SUBCOMMANDS: Mapping[str, tuple[_Handler, int, int]] = {  # minimum and maximum parameters
    "GET": (_get, 1, _MANY),
    "LIST": (_list, 0, 0),
    "SET": (_set, 1, 2),
    "CLEAR": (_clear, 0, 0),
    "SUB": (_sub, 1, _MANY),
    "UNSUB": (_unsub, 1, _MANY),
    "SUBS": (_subs, 0, 0),
    "SYNC": (_sync, 0, 0),
}


def _sync_to(
    ctx: Context, of: Target | None, targets: Iterable[Target], keys: Mapping[str, None], *, is_batch: bool
) -> Streamed | None:
    looked_at = list(targets)
    ctx.weight += len(looked_at) // _LIGHT
    publishing = list(with_values(looked_at, keys))
    if not publishing and not is_batch and metadata_wire.is_second(ctx.session):
        return None  # in the second draft SUB is answered with values, but never with an empty batch
    if not is_batch and sum(len(target.metadata) for target in publishing) > AT_ONCE:
        # "or a `774 ERR_METADATASYNCLATER` message to indicate postponed synchronization": SYNC sends it in portions
        ctx.reply(Numeric.ERR_METADATASYNCLATER, name_of(of) if of else ALL, str(LATER))
        return None
    return Streamed(sync(ctx, of, publishing, keys), is_batch=is_batch)


def _find(ctx: Context, target: str) -> Target:
    """Return the named user or channel, if the sender may see it. Raises FailError."""
    if target in ("*", ctx.nick):
        return ctx.user
    if target.startswith("#"):
        channel = ctx.network.channel(target)
        if channel is not None and (channel.is_visible_to(ctx.user) or _may(ctx)):
            return channel
    elif user := ctx.network.user(target):
        return user
    raise metadata_wire.invalid_target(target)


def _values(ctx: Context, target: str) -> tuple[str, Mapping[str, str]]:
    """Return the name of a target and its metadata. Raises FailError."""
    if ctx.session.user is None:
        _require_self(ctx, target)
        return "*", _use(ctx).pending
    subject = _find(ctx, target)
    return name_of(subject), subject.metadata


def _change(ctx: Context, target: str, changes: Mapping[str, str]) -> None:
    if ctx.session.user is None:
        use = _use(ctx)
        use.pending = changed(use.pending, changes, ctx.network.settings.metadata.keys)
    else:
        change(ctx, _find(ctx, target), changes)


def _require_may_change(ctx: Context, target: str, key: str) -> bool:
    """Return whether changing it needs an operator right. Raises FailError if the sender may not."""
    if ctx.session.user is None:
        return False
    subject = _find(ctx, target)
    if subject is ctx.user or (isinstance(subject, Channel) and subject.is_at_least(ctx.user, "o")):
        return False
    if not _may(ctx):
        raise metadata_wire.no_permission(name_of(subject), key)
    return True


def _is_denied(ctx: Context, key: str) -> bool:
    """Whether a key is denied: "Server administrators can setup lists of allowed or blocked keys"; removing is
    allowed.
    """
    return any(glob(mask, key) for mask in ctx.network.settings.metadata.denied)


def _may(ctx: Context) -> bool:
    user = ctx.session.user
    return user is not None and "metadata" in rights_of(user, ctx.network.settings)


def _require_self(ctx: Context, target: str) -> None:
    """Check the target: "Clients that have not completed connection registration MUST use `*` to target themselves"."""
    user = ctx.session.user
    if target != "*" and (user is None or ctx.network.user(target) is not user):
        raise metadata_wire.invalid_target(target)


def _is_key(ctx: Context, key: str) -> bool:
    return is_key(key, ctx.network.settings.metadata.key_bytes)


def _is_too_fast(ctx: Context) -> bool:
    """Whether the sender has to wait, and was told so; if not, count this change."""
    use = _use(ctx)
    seconds = use.wait(ctx.now, ctx.network.settings.metadata.changes)
    if seconds:
        metadata_wire.refuse_for_now(ctx, seconds)
        return True
    use.count_change(ctx.now)
    return False


def _use(ctx: Context) -> MetadataUse:
    session = ctx.session
    if session.metadata is None:
        session.metadata = MetadataUse()
    return session.metadata


def _reply_keys(ctx: Context, numeric: Numeric, keys: Iterable[str]) -> None:
    for line in wrap(keys, ctx.room(numeric.command, ctx.nick), most=_KEYS_A_LINE):
        ctx.reply(numeric, *line)


def _offer(settings: Settings, more: str = "") -> str | None:
    limits = settings.metadata
    if not limits.enabled:
        return None
    return (
        f"before-connect,max-subs={limits.subscriptions},max-keys={limits.keys}{more}"
        f",max-value-bytes={limits.value_bytes}"
    )


def _offer_second(settings: Settings, _: Session) -> str | None:
    return _offer(settings)


def _offer_third(settings: Settings, _: Session) -> str | None:
    return _offer(settings, f",max-key-bytes={settings.metadata.key_bytes}")


OFFERS[caps.METADATA_2] = _offer_second
OFFERS[caps.METADATA_3] = _offer_third
