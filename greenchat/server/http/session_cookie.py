"""Staying signed in: a ticket from the WebSocket becomes a cookie, which the next WebSocket sends.

No script can read the cookie, no other site's page can have it sent, and the server stores only its hash.
"""

import re

from greenchat.chat import tokens
from greenchat.commands.accounts.tokens import SESSION_DAYS, account_of, drop, exchange, find_token
from greenchat.protocol.http_head import HttpError
from greenchat.server.http.command_runner import context_of
from greenchat.server.http.request import NOT_KEPT, Request, Response, json_response
from greenchat.server.http.routes import Routes
from greenchat.storage.interface import StoreError

_TICKET_LENGTH = 200  # characters, more than any ticket has
_PORT = re.compile(r":([0-9]+)$")


class SessionCookies:
    """Handles requests for `session`: begins and ends sessions of a browser."""

    def add_to(self, routes: Routes) -> None:
        """Add the row of sessions."""
        routes.add("session", GET=self._tell, POST=self._begin, DELETE=self._end)

    def _tell(self, request: Request) -> Response:
        ctx = context_of(request)
        token = find_token(ctx, cookie_hash(request))
        account = account_of(ctx, token) if token is not None and token.kind == tokens.SESSION else None
        return json_response({"account": account.name if account else None})

    def _begin(self, request: Request) -> Response:
        request.require_own_page()
        ticket = request.json().get("ticket")
        if not isinstance(ticket, str) or len(ticket) > _TICKET_LENGTH:
            raise HttpError(400, "The token is missing")
        before, ctx = cookie_hash(request), context_of(request)
        try:
            secret = exchange(ctx, ticket)
            if secret and before:
                ctx.propose(drop, before)
        except StoreError as error:
            raise HttpError(503, "It could not be stored; try again") from error
        if not secret:
            raise HttpError(403, "The token is not valid or has expired")
        return Response(204, fields=[NOT_KEPT, cookie(request, secret, SESSION_DAYS * 86_400)])

    def _end(self, request: Request) -> Response:
        request.require_own_page()
        hashed, ctx = cookie_hash(request), context_of(request)
        try:
            if hashed:
                ctx.propose(drop, hashed)
        except StoreError as error:
            raise HttpError(503, "It could not be stored; try again") from error
        return Response(204, fields=[NOT_KEPT, cookie(request, "", 0)])


def cookie_hash(request: Request) -> str:
    """Return the hash of the secret in the request's cookie; "" without one."""
    secret = request.cookies.get(_name(request), "")
    return tokens.hash_of(secret) if secret else ""


def _name(request: Request) -> str:
    """Return the cookie's name, with the port, since cookies are shared by all ports of a machine."""
    port = _PORT.search(request.head.host)
    return f"greenchat_{port[1]}" if port else "greenchat"


def cookie(request: Request, value: str, seconds: int) -> tuple[str, str]:
    """Return the Set-Cookie field with a browser's secret, for so many seconds."""
    secure = "; Secure" if request.secure else ""
    attributes = f"Path={request.base}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    return "Set-Cookie", f"{_name(request)}={value}; {attributes}"
