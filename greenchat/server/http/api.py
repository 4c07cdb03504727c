"""`api/v1`: for bots that don't speak IRC. `openapi.json` beside this file describes it.

Each call runs a command, or returns the data of a command's answer, in a session of the account: see `bot_speech`.
"""

from collections.abc import Callable, Iterable
from importlib.resources import files
from typing import Any

from greenchat import __version__
from greenchat.chat.channel import Channel
from greenchat.chat.tokens import Token, hash_of
from greenchat.chat.user import User
from greenchat.commands.catalog import run
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.services.bot_speech import READ, SAY, answers, find_bot, open_session, say_by_bot, user_of
from greenchat.config.web import Web
from greenchat.protocol.http_head import HttpError
from greenchat.protocol.message import Message, escape_value
from greenchat.protocol.numerics import Numeric
from greenchat.server.http.admin_api import AdminApi
from greenchat.server.http.command_runner import context_of, finish_command, wait_until_stored
from greenchat.server.http.limits import TokenLimits
from greenchat.server.http.request import NOT_KEPT, Request, Response, json_response
from greenchat.server.http.routes import Routes

_BEARER = "bearer "
_MOST_CHANNELS = 1000
_STATUS = {
    Numeric.ERR_NOSUCHNICK: 404,
    Numeric.ERR_NOSUCHCHANNEL: 404,
    Numeric.ERR_NOTEXTTOSEND: 422,
    Numeric.ERR_INPUTTOOLONG: 422,
    Numeric.ERR_PASSWDMISMATCH: 401,
}
_DESCRIPTION = files("greenchat.server.http").joinpath("openapi.json").read_bytes()
_FAILS = {"INVALID_TARGET": 404, "INVALID_PARAMS": 422, "INVALID_MSGREFTYPE": 422, "NEED_MORE_PARAMS": 422}
_ABSENT = "The account is not connected: connect a client, or keep it online with /msg NickServ SET ALWAYS-ON on"


class Api:
    """Answers calls of the HTTP API."""

    def __init__(self, options: Callable[[], Web]) -> None:
        self._options = options
        self.limits = TokenLimits()

    def add_to(self, routes: Routes) -> None:
        """Add the rows of the API."""
        routes.add("api/v1/openapi.json", GET=self._describe)
        routes.add("api/v1/status", GET=self._status)
        routes.add("api/v1/whoami", GET=self._whoami)
        routes.add("api/v1/channels", GET=self._channels)
        routes.add("api/v1/members", GET=self._members)
        routes.add("api/v1/history", GET=self._history)
        routes.add("api/v1/search", GET=self._search)
        routes.add("api/v1/say", POST=self._say)
        AdminApi(self._member).add_to(routes)

    def _describe(self, _: Request) -> Response:
        return Response(body=_DESCRIPTION, type="application/json", fields=[NOT_KEPT])

    def _enter(self, request: Request, right: str = "") -> tuple[Context, Token]:
        """Check the token of a bot, its right, and its rate. Raises HttpError."""
        given = request.head.get("authorization")
        ctx = context_of(request)
        token = None
        if given.lower().startswith(_BEARER):
            ctx.process.log.catch_up()  # the last call, with its effect, may have come to another node
            token = find_bot(ctx, hash_of(given[len(_BEARER) :]))
        if token is None:
            raise HttpError(401, "Send the token of a bot: see /msg NickServ HELP TOKEN", WWW_Authenticate="Bearer")
        self.limits.count(token.hash, self._options().api_rate)
        if right and right not in token.rights:
            raise HttpError(403, f"This token has no right to {right}")
        return ctx, token

    def _status(self, request: Request) -> Response:
        network = self._enter(request)[0].network
        return json_response(
            {
                "name": network.settings.name,
                "version": __version__,
                "started": network.started,
                "users": len(network.users),
                "channels": sum(not {"s", "p"} & channel.flags for channel in network.channels.values()),
            }
        )

    def _whoami(self, request: Request) -> Response:
        ctx, token = self._enter(request)
        user = user_of(ctx, token)
        return json_response(
            {
                "account": token.account,
                "nick": user.nick if user else None,
                "token": token.id,
                "rights": list(token.rights),
                "expires": token.expires or None,
            }
        )

    def _channels(self, request: Request) -> Response:
        ctx, user = self._reader(request)
        shown = [each for each in ctx.network.channels.values() if each.is_listed_to(user)]
        shown.sort(key=lambda channel: user not in channel.members)
        return json_response({"channels": [_channel(user, each) for each in shown[:_MOST_CHANNELS]]})

    def _members(self, request: Request) -> Response:
        ctx, user = self._reader(request)
        channel = ctx.network.channel(request.query.get("channel", ""))
        if channel is None or user not in channel.members:
            raise HttpError(404, "There is no such channel, or you are not in it")  # which, would tell of secret ones
        members = [
            {"nick": each.nick, "account": each.account or None, "rank": rank[:1], "away": bool(each.away)}
            for each, rank in channel.members.items()
            if channel.sees(user, each)
        ]
        return json_response({"members": members})

    def _history(self, request: Request) -> Response:
        query = request.query
        after, before = (_reference(query.get(name, "")) for name in ("after", "before"))
        limit = query.get("limit", "50")
        words: tuple[str, ...]
        if after and before:
            words = "BETWEEN", query.get("target", ""), after, before, limit
        elif after or before:
            words = "AFTER" if after else "BEFORE", query.get("target", ""), after or before, limit
        else:
            words = "LATEST", query.get("target", ""), "*", limit
        return self._ask(request, Message("CHATHISTORY", words))

    def _search(self, request: Request) -> Response:
        wanted = {name: request.query[name] for name in _SEARCHED if request.query.get(name)}
        attributes = ";".join(f"{name}={escape_value(value)}" for name, value in wanted.items())
        return self._ask(request, Message("SEARCH", (attributes,)))

    def _say(self, request: Request) -> Response:
        ctx, token = self._enter(request, SAY)
        if user_of(ctx, token) is None:
            raise HttpError(409, _ABSENT)
        body = request.json()
        target, text, thread = (_line(body, name) for name in ("target", "text", "thread"))
        try:
            msgid = context_of(request).propose(say_by_bot, token.hash, target, text, thread)
        except IrcError as error:
            raise HttpError(_STATUS.get(error.numeric, 403), error.text or error.numeric.text) from error
        wait_until_stored(request)
        return json_response({"msgid": msgid})

    def _reader(self, request: Request) -> tuple[Context, User]:
        return self._member(request, READ)

    def _member(self, request: Request, right: str) -> tuple[Context, User]:
        """Return the context and user of a call with this right of its token. Raises HttpError without the user."""
        ctx, token = self._enter(request, right)
        user = user_of(ctx, token)
        if user is None:
            raise HttpError(409, _ABSENT)
        return ctx, user

    def _ask(self, request: Request, message: Message) -> Response:
        """Run a command that answers with messages, like a client's connection does."""
        outer, user = self._reader(request)
        if not all(map(_is_line, request.query.values())):
            raise HttpError(422, "Parameters must be single lines")
        session = open_session(outer, user)
        ctx = outer.for_session(session)
        ctx.adopt(message)

        def require() -> None:
            if ctx.network.user(user.nick) is not user:
                raise HttpError(409, _ABSENT)

        finish_command(request, ctx, run(ctx), require)
        replies = answers(session)
        _require_success(replies)
        return json_response(
            {"messages": [_message(each) for each in replies if each.command in ("PRIVMSG", "NOTICE")]}
        )


_SEARCHED = ("text", "in", "from", "after", "before", "limit")


def _require_success(replies: Iterable[Message]) -> None:
    """Check that a command was not refused. Raises HttpError."""
    for answer in replies:
        if answer.command == "FAIL":
            raise HttpError(_FAILS.get(answer.params[1], 503), answer.params[-1])
        if answer.command.isdigit() and answer.command[0] in "45":
            raise HttpError(_STATUS.get(Numeric(int(answer.command)), 403), answer.params[-1])


def _message(message: Message) -> dict[str, Any]:
    tags = message.tags
    return {
        "msgid": tags.get("msgid"),
        "time": tags.get("time"),
        "account": tags.get("account"),
        "nick": (message.source or "").partition("!")[0],
        "command": message.command,
        "target": message.params[0],
        "text": message.params[-1],
        "thread": tags.get("+draft/reply") or tags.get("+reply"),
    }


def _channel(user: User, channel: Channel) -> dict[str, Any]:
    return {
        "name": channel.name,
        "topic": channel.topic.text if channel.topic else "",
        "members": sum(channel.sees(user, each) for each in channel.members),
        "joined": user in channel.members,
        "rank": channel.members.get(user, "")[:1],
    }


def _reference(text: str) -> str:
    """Return the form in which CHATHISTORY names a moment; "" for none."""
    return text and f"{'timestamp' if ':' in text else 'msgid'}={text}"


def _line(body: dict[str, Any], name: str) -> str:
    """Return a field that must be one line. Raises HttpError."""
    value = body.get(name, "")
    if not isinstance(value, str) or not _is_line(value):
        raise HttpError(422, f"{name} must be a single line of text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise HttpError(422, f"{name} is not valid Unicode") from error
    if not value and name != "thread":
        raise HttpError(422, f"{name} is missing")
    return value


def _is_line(text: str) -> bool:
    return not any(letter in text for letter in "\r\n\0")
