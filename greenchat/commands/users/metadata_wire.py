"""The messages of metadata, which differ between draft/metadata-2 and draft/metadata-3.

https://ircv3.net/specs/extensions/metadata is the second; the third is
https://github.com/ircv3/ircv3-specifications/pull/613, whose section "Errata" lists the changes. A client without
either capability is answered as by the third.
"""

from greenchat.chat.user import Session
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError
from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.envelopes.numeric import Addressed
from greenchat.protocol.message import presentable
from greenchat.protocol.numerics import Numeric

_EVERYBODY = "*"  # the only visibility used here


def is_aware(session: Session) -> bool:
    """Whether the session is "metadata-aware".

    "A *metadata-aware client* is a client who has negotiated both the `draft/metadata-3` capability and the `batch`
    capability."
    """
    return bool(session.caps & caps.METADATA and session.caps & caps.BATCH)


def is_second(session: Session) -> bool:
    """Whether the session has the second draft."""
    return bool(session.caps & caps.METADATA_2)


def key_value(ctx: Context, nick: str, target: str, key: str, value: str) -> Envelope:
    """Return the reply with the value of a key, "" for none, for a reader with this nick."""
    if value:
        return ctx.numeric(nick, Numeric.RPL_KEYVALUE, target, key, _EVERYBODY, value)
    return ctx.numeric(nick, Numeric.RPL_KEYNOTSET, target, key)


def cleared(ctx: Context, target: str, key: str) -> Envelope:
    """Return the reply for a key removed by CLEAR: in the second draft "one `RPL_KEYVALUE` event per cleared key"."""
    if is_second(ctx.session):
        return ctx.numeric(ctx.nick, Numeric.RPL_KEYVALUE, target, key, _EVERYBODY, "")
    return key_value(ctx, ctx.nick, target, key, "")


class MetadataNotification:
    """A notification to sessions: a key of the target has this value, "" is none.

    "The `METADATA` server message was removed", says the third draft: its readers get a numeric.
    """

    __slots__ = ("_ctx", "_message", "_numeric", "_words")

    def __init__(self, ctx: Context, target: str, key: str, value: str) -> None:
        self._ctx = ctx
        self._words = target, key, value
        self._message: Envelope | None = None
        self._numeric: Addressed | None = None

    def tell(self, session: Session) -> None:
        """Tell one session."""
        target, key, value = self._words
        if is_second(session):
            self._message = self._message or self._ctx.envelope("METADATA", target, key, _EVERYBODY, value)
            self._ctx.send(session, self._message)
        else:
            self._numeric = self._numeric or (
                self._ctx.addressed(Numeric.RPL_KEYVALUE, target, key, _EVERYBODY, value)
                if value
                else self._ctx.addressed(Numeric.RPL_KEYNOTSET, target, key)
            )
            self._ctx.send_numeric(session, self._numeric)


def warn(ctx: Context, error: FailError) -> None:
    """Report one failed part of the command while the rest continues."""
    if is_second(ctx.session):
        ctx.refuse(error)
    else:
        words = map(presentable, error.context)
        ctx.respond(ctx.envelope("WARN", error.command, error.code, *words, error.text))


def invalid_params(ctx: Context, subcommand: str, text: str) -> FailError:
    """Return the error for an invalid command; subcommand: as sent, "" for none."""
    code = "SUBCOMMAND_INVALID" if is_second(ctx.session) else "INVALID_PARAMS"
    return FailError("METADATA", code, subcommand or "*", text=text)


def invalid_target(target: str) -> FailError:
    """Return the error for a target that does not exist, or that the sender can't see."""
    return FailError("METADATA", "INVALID_TARGET", target, text="There is no such user or channel")


def invalid_key(ctx: Context, key: str) -> FailError:
    """Return the error for a key that is too long or has characters that keys may not have."""
    code = "KEY_INVALID" if is_second(ctx.session) else "INVALID_KEY"
    longest = ctx.network.settings.metadata.key_bytes
    return FailError("METADATA", code, key, text=f"A key has at most {longest} of the characters a-z 0-9 _ . / and -")


def invalid_value(ctx: Context, key: str) -> FailError:
    """Return the error for a value that is too long."""
    text = "The value is too long"
    if is_second(ctx.session):
        return FailError("METADATA", "VALUE_INVALID", text=text)
    return FailError("METADATA", "INVALID_VALUE", key, text=text)


def no_permission(target: str, key: str) -> FailError:
    """Return the error for a key that the sender may not change; key: `*` for all."""
    return FailError("METADATA", "KEY_NO_PERMISSION", target, key, text=f"You can't change the metadata of {target}")


def not_settable(target: str, key: str) -> FailError:
    """Return the error for "keys considered not settable by the requesting user, or otherwise disallowed by the
    server".
    """
    return FailError("METADATA", "KEY_NO_PERMISSION", target, key, text="This key can't be set on this server")


def not_set(target: str, key: str) -> FailError:
    """Return the error for removing a key that is not set: not an error in the third draft."""
    return FailError("METADATA", "KEY_NOT_SET", target, key, text="Key not set")


def too_many_keys(ctx: Context, target: str) -> FailError:
    """Return the error for one key too many."""
    most = ctx.network.settings.metadata.keys
    context = (target,) if is_second(ctx.session) else ("SET", target, str(most))
    return FailError("METADATA", "LIMIT_REACHED", *context, text=f"At most {most} keys can be set")


def too_many_subscriptions(ctx: Context, key: str) -> FailError:
    """Return the error for the first key that could not be subscribed to."""
    most = ctx.network.settings.metadata.subscriptions
    text = f"At most {most} keys can be subscribed to"
    if is_second(ctx.session):
        return FailError("METADATA", "TOO_MANY_SUBS", key, text=text)
    return FailError("METADATA", "LIMIT_REACHED", "SUB", key, str(most), text=text)


def refuse_for_now(ctx: Context, seconds: int) -> None:
    """Refuse a sender who makes too many changes, until so many seconds have passed."""
    target, subcommand, *params = ctx.message.params
    if is_second(ctx.session):
        key = params[0] if params else "*"
        text = f"Too many changes: try again in {seconds} seconds"
        ctx.fail("METADATA", "RATE_LIMITED", target, key, str(seconds), text=text)
    else:
        ctx.reply(Numeric.ERR_METADATARATELIMIT, str(seconds), target, subcommand, *params)
