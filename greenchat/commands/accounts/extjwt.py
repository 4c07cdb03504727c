"""EXTJWT: claims about a user, signed for a service that shares a key with this server.

https://github.com/ircv3/ircv3-specifications/pull/341, and #547 (draft, version 1). The newer TOKEN is better: it works
once, and can be revoked. Verification by a URL is not supported: use TOKEN VALIDATE.
"""

import base64
import hmac
import json
from collections.abc import Mapping
from typing import Any

from greenchat.commands.accounts.authtoken import find_service
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError
from greenchat.commands.core.lookup import find_channel
from greenchat.commands.core.registry import Way, command
from greenchat.protocol.msgid import parse_msgid, time_of

_LASTS = 30  # seconds: "30 seconds is usually enough time"
_DEFAULT = "default"


@command("EXTJWT", params=1, way=Way.HERE)
def extjwt(ctx: Context) -> None:
    """EXTJWT <channel or *> [<service>]

    Get a signed token that proves your identity to a service beside the chat. Clients do this for you.
    """
    target, *rest = ctx.message.params
    wanted = rest[0] if rest else "*"
    match = find_service(ctx, _DEFAULT if wanted == "*" else wanted)
    if match is None or not match[1].secret:
        raise FailError(
            "EXTJWT", "NO_SUCH_SERVICE", text="There is no such service, or it does not accept these tokens"
        )
    service = match[1]
    claims: dict[str, Any] = {
        "exp": ctx.now // 1000 + _LASTS,
        "iss": ctx.network.settings.name,
        "aud": service.url,
        "sub": ctx.nick,
        "account": ctx.user.account,
        "umodes": ["o"] if "o" in ctx.user.modes else [],
    }
    if wanted != "*":
        claims["service"] = match[0]
    if target != "*":
        claims |= _of_channel(ctx, target)
    token = _signed(claims, service.secret)
    size = ctx.room("EXTJWT", target, wanted, "*")
    while len(token) > size:
        ctx.respond(ctx.envelope("EXTJWT", target, wanted, "*", token[:size]))
        token = token[size:]
    ctx.respond(ctx.envelope("EXTJWT", target, wanted, token))


def _of_channel(ctx: Context, name: str) -> dict[str, Any]:
    """Return the claims about a channel. Raises 403."""
    channel = find_channel(ctx, name)
    since = parse_msgid(ctx.user.channels.get(ctx.network.fold(channel.name), "")) or 0
    is_member = ctx.user in channel.members
    joined = (time_of(since) // 1000 if since else 1) if is_member else 0
    return {"channel": channel.name, "joined": joined, "cmodes": list(channel.members.get(ctx.user, ""))}


def _signed(claims: Mapping[str, Any], secret: str) -> str:
    """Return a JSON Web Token (RFC 7519), signed by HMAC with SHA-256."""
    parts = {"alg": "HS256", "typ": "JWT"}, claims
    unsigned = ".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return f"{unsigned}.{_base64(hmac.digest(secret.encode(), unsigned.encode(), 'sha256'))}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
