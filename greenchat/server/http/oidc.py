"""`oidc`: logins of the page at an identity provider. The result is the cookie of a browser that stays signed in, see
`session_cookie`.

The state of an unfinished login is in a cookie, not here, so that nobody can fill our memory.
"""

import base64
import hmac
import logging
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from greenchat.chat.network import Network
from greenchat.chat.tokens import SESSION
from greenchat.commands.accounts.external_accounts import sign_in
from greenchat.commands.accounts.login import origin_of, why_unusable
from greenchat.commands.accounts.login_throttle import count_wrong, seconds_to_wait
from greenchat.commands.accounts.password_check import too_many
from greenchat.commands.accounts.register import RegisterRefusal
from greenchat.commands.accounts.tokens import SESSION_DAYS, account_of, drop, find_token, make
from greenchat.commands.core.process import ExternalAuthError
from greenchat.protocol.http_head import HttpError
from greenchat.server.external_auth.oidc_client import CodeRefusedError, OidcClient, Secrets
from greenchat.server.fair_pool import FairPool
from greenchat.server.http.command_runner import anonymous_context, context_of
from greenchat.server.http.request import NOT_KEPT, Request, Response
from greenchat.server.http.routes import Routes
from greenchat.server.http.session_cookie import cookie, cookie_hash
from greenchat.storage.interface import StoreError
from greenchat.values.addresses import netblock

log = logging.getLogger(__name__)

T = TypeVar("T")

_THREADS = 4  # requests to the provider at the same time, one for each address
_MOST_WAITING = 64
_MOST_OF_ONE = 16  # of these, from one address, so that nobody can block all others
_SEED = 24  # bytes
_LASTS = 600  # seconds for a login at the provider
_COOKIE = "greenchat_oidc"
_DAY = 86_400  # seconds


class OidcPages:
    """Redirects browsers to the provider, and logs in those that return."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._client = OidcClient(network.settings.providers.oidc)
        self._pool = FairPool(_THREADS)
        self._waiting: Counter[str] = Counter()  # by netblock

    def add_to(self, routes: Routes) -> None:
        """Add the rows."""
        routes.add("oidc/login", GET=self._begin)
        routes.add("oidc/callback", GET=self._end)

    def close(self) -> None:
        """Wait until requests to the provider have ended."""
        self._pool.close()

    def _begin(self, request: Request) -> Response:
        client = self._present()
        ctx = context_of(request)
        seed = base64.urlsafe_b64encode(ctx.random(_SEED)).decode()
        cookie_value = f"{seed}.{ctx.now}.{cookie_hash(request)}"
        address = self._ask(request, client.address, self._secrets(cookie_value))
        return _go(address, _brief(request, f"{cookie_value}.{self._sign('kept', cookie_value)}", _LASTS))

    def _end(self, request: Request) -> Response:
        client = self._present()
        cookie_value, _, signature = request.cookies.get(_COOKIE, "").rpartition(".")
        secrets = self._secrets(cookie_value)
        is_ours = hmac.compare_digest(signature.encode(), self._sign("kept", cookie_value).encode())
        # "the client MUST ensure that the value of state matches": RFC 6749, section 10.12
        matches = hmac.compare_digest(request.query.get("state", "").encode(), secrets.state.encode())
        now = context_of(request).now
        if not (is_ours and matches and now - int(cookie_value.split(".")[1]) < _LASTS * 1000):
            raise HttpError(403, "This login was started in another browser, or too long ago: start again")
        if "error" in request.query:
            raise HttpError(403, f"Not logged in: {client.rules.name} says {request.query['error'][:100]!r}")
        code = request.query.get("code", "")
        ctx = anonymous_context(request)
        origin = (origin_of(ctx),)
        seconds = seconds_to_wait(ctx, origin)
        if seconds:
            raise HttpError(429, too_many(seconds).text, Retry_After=str(seconds))
        try:
            claims = self._ask(request, client.claims, code, secrets, ctx.now)
        except HttpError as error:
            if isinstance(error.__cause__, CodeRefusedError):
                count_wrong(anonymous_context(request), origin)
            raise
        before = cookie_value.split(".")[2]
        # not before, since the session may have been revoked during the login
        token = find_token(context_of(request), before)
        ctx = anonymous_context(request)
        if ctx.network.protection.bans.of_address(request.address, ctx.now):
            raise HttpError(403, "Your address is banned from this server")
        name = str(claims.get(client.rules.claim, "")).partition("@")[0]
        own = account_of(ctx, token) if token is not None and token.kind == SESSION else None
        try:
            account = ctx.propose(sign_in, f"{claims['iss']} {claims['sub']}", name, own.id if own else "")
            if isinstance(account, RegisterRefusal):
                raise HttpError(403, account.text)
            reason = why_unusable(account)
            if reason:
                raise HttpError(403, reason)
            if ctx.network.protection.bans.of_account(account.id, ctx.now):
                raise HttpError(403, "This account is banned from this server")
            secret = make(ctx, account, SESSION, lasts=SESSION_DAYS * _DAY * 1000)
            if before:
                ctx.propose(drop, before)
        except StoreError as error:
            raise HttpError(503, "It could not be stored; try again") from error
        return _go(request.base, _brief(request, "", 0), cookie(request, secret, SESSION_DAYS * _DAY))

    def _present(self) -> OidcClient:
        """Return the client of the present settings. Raises HttpError."""
        rules = self._network.settings.providers.oidc
        if not rules.issuer:
            raise HttpError(404, "Logins at a provider are disabled")
        if rules != self._client.rules:
            self._client = OidcClient(rules)
        return self._client

    def _ask(self, request: Request, question: Callable[..., T], *words: object) -> T:
        """Ask the provider in a thread. Waits. Raises HttpError."""
        origin = netblock(request.address)
        if self._waiting.total() >= _MOST_WAITING or self._waiting[origin] >= _MOST_OF_ONE:
            raise HttpError(503, "Too many logins at the same time: try again", Retry_After="10")
        slots = Counter([origin])
        self._waiting += slots
        try:
            answer = self._pool.do(origin, _tried, question, *words)
        finally:
            self._waiting -= slots
        if isinstance(answer, ExternalAuthError):
            log.error("a login from %s at the provider failed: %s", request.address, answer)
            text = "The login at the provider failed: try again, or tell the operators of this server"
            raise HttpError(502, text) from answer
        result: T = answer
        return result

    def _secrets(self, cookie_value: str) -> Secrets:
        """Return the secrets of a login, derived from its cookie with our key."""
        return Secrets(*(self._sign(word, cookie_value) for word in ("state", "nonce", "verifier")))

    def _sign(self, word: str, cookie_value: str) -> str:
        return hmac.digest(self._network.secret, f"oidc {word} {cookie_value}".encode(), "sha256").hex()


def _tried(question: Callable[..., T], *words: object) -> T | ExternalAuthError:
    """Return an error instead of raising it in a thread: gevent would print it as a bug."""
    try:
        return question(*words)
    except ExternalAuthError as error:
        return error


def _go(address: str, *cookies: tuple[str, str]) -> Response:
    return Response(302, fields=[("Location", address), NOT_KEPT, *cookies])


def _brief(request: Request, value: str, seconds: int) -> tuple[str, str]:
    """Return a cookie that is also sent on the redirect from the provider, and only to our callback."""
    secure = "; Secure" if request.secure else ""
    attributes = f"Path={request.base}oidc; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
    return "Set-Cookie", f"{_COOKIE}={value}; {attributes}"
