"""`POST hooks/<token>`: programs send messages to the channel for which one of its operators made the token.

Messages are relayed as by RELAYMSG: see `hook_speech`.
"""

import json
from collections.abc import Callable
from urllib.parse import parse_qs

from greenchat.chat.tokens import hash_of
from greenchat.commands.core.errors import IrcError
from greenchat.commands.services.hook_speech import find_hook, say_by_hook
from greenchat.config.web import Web
from greenchat.protocol.http_head import HttpError
from greenchat.protocol.numerics import Numeric
from greenchat.server.http.command_runner import context_of, wait_until_stored
from greenchat.server.http.hook_payloads import ShapeError, read_post
from greenchat.server.http.limits import TokenLimits
from greenchat.server.http.request import NOT_KEPT, Request, Response, json_response
from greenchat.server.http.routes import Routes

_LARGEST = 256 * 1024  # bytes of a body: GitHub's of a push with 20 commits has some 30 KiB
_STATUS = {
    Numeric.ERR_NOSUCHCHANNEL: 404,
    Numeric.ERR_CANNOTSENDTOCHAN: 403,
    Numeric.ERR_NOTEXTTOSEND: 422,
    Numeric.ERR_INPUTTOOLONG: 422,
}
_GONE = "There is no such hook, or its owner is no longer an operator of the channel"


class HookService:
    """Sends messages posted to a hook's URL to its channel."""

    def __init__(self, options: Callable[[], Web]) -> None:
        self._options = options
        self.limits = TokenLimits()

    def add_to(self, routes: Routes) -> None:
        """Add the row of hooks."""
        routes.add("hooks/([^/]*)", POST=self._post)

    def _post(self, request: Request, secret: str) -> Response:
        hashed = hash_of(secret)
        ctx = context_of(request)
        if ctx.process.log.find(lambda: find_hook(ctx, hashed)) is None:
            raise HttpError(404, _GONE)
        self.limits.count(hashed, self._options().hook_rate)
        body = _body(request)
        try:
            post = read_post(request.head, body)
        except ShapeError as error:
            raise HttpError(422, str(error)) from error
        if not post.text.strip():
            return Response(204, fields=[NOT_KEPT])  # an event that is not worth a message
        try:
            # a new turn: the body may have taken long to arrive
            msgids = context_of(request).propose(say_by_hook, hashed, post.name, post.text, post.thread)
        except IrcError as error:
            raise HttpError(_STATUS[error.numeric], _reason(error)) from error
        wait_until_stored(request)
        return json_response({"msgids": msgids})


def _reason(error: IrcError) -> str:
    return _GONE if error.numeric is Numeric.ERR_NOSUCHCHANNEL else error.text or error.numeric.text


def _body(request: Request) -> object:
    """Return the posted JSON, also from the field `payload` of a form. Raises HttpError."""
    kind = request.head.get("content-type").partition(";")[0].strip().lower()
    if kind not in ("application/json", "application/x-www-form-urlencoded"):
        raise HttpError(415, "The content type must be application/json, or a form with the field payload")
    data = request.read(_LARGEST)
    try:
        text = data.decode()
        if kind != "application/json":
            text = parse_qs(text, errors="strict", max_num_fields=50).get("payload", [""])[0]
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise HttpError(400, "The body is not JSON") from error
    return value
