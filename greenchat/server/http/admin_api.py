"""The calls of the API about accounts and the server: commands of an operator's session, under Ergo's names where it
has the call. https://github.com/ergochat/ergo/blob/master/docs/API.md
"""

from collections.abc import Callable

from greenchat.chat.accounts import Account
from greenchat.chat.user import User
from greenchat.commands.accounts.login import why_unusable
from greenchat.commands.accounts.password_check import check_password
from greenchat.commands.accounts.second_factor import Denial
from greenchat.commands.catalog import run
from greenchat.commands.core.context import Context
from greenchat.commands.core.service import ServiceError, may
from greenchat.commands.services.bot_speech import ADMIN, answers, open_session
from greenchat.commands.services.nickserv import NICKSERV
from greenchat.protocol.http_head import HttpError
from greenchat.protocol.message import Message
from greenchat.server.http.command_runner import finish_command
from greenchat.server.http.request import Request, Response, json_response
from greenchat.server.http.routes import Routes
from greenchat.storage.interface import StoreError

_ACCOUNTS = "accounts"  # the right of operators
_LONGEST = 400  # bytes of a name, a password or a reason
Enter = Callable[[Request, str], tuple[Context, User]]


class AdminApi:
    """Answers calls of the administration API.

    enter: returns the context and the user of a call with a right of its token.
    """

    def __init__(self, enter: Enter) -> None:
        self._enter = enter

    def add_to(self, routes: Routes) -> None:
        """Add its rows."""
        routes.add("api/v1/check_auth", POST=self._check)
        routes.add("api/v1/saregister", POST=self._register)
        routes.add("api/v1/passwd", POST=self._set_password)
        routes.add("api/v1/suspend", POST=self._suspend)
        routes.add("api/v1/unsuspend", POST=self._unsuspend)
        routes.add("api/v1/account_details", POST=self._details)
        routes.add("api/v1/rehash", POST=self._rehash)

    def _open(self, request: Request, right: str) -> tuple[Context, User]:
        """Return the context of a session of an operator with this right. Raises HttpError."""
        outer, user = self._enter(request, ADMIN)
        ctx = outer.for_session(open_session(outer, user))
        if not may(ctx, right):
            raise HttpError(403, f"The account's user must be an operator with the right {right}: OPER makes them one")
        return ctx, user

    def _check(self, request: Request) -> Response:
        ctx, _ = self._open(request, _ACCOUNTS)
        name, password = _fields(request, "accountName", "passphrase")
        accounts: list[Account] = []
        errors: list[str] = []

        def then(_: Context, account: Account | None) -> None:
            if account is not None and not why_unusable(account):
                accounts.append(account)

        def refuse(_: Context, denial: Denial) -> None:
            if denial.seconds:
                raise HttpError(429, "Too many wrong passwords", Retry_After=str(denial.seconds))
            errors.append(denial.text)

        finish_command(request, ctx, check_password(ctx, name, password, then, refuse))
        shown = accounts[0].name if accounts else None
        return json_response({"success": bool(accounts), "accountName": shown, "error": errors[0] if errors else None})

    def _register(self, request: Request) -> Response:
        return self._serve(request, "SAREGISTER", "accountName", "passphrase")

    def _set_password(self, request: Request) -> Response:
        return self._serve(request, "SETPASS", "accountName", "passphrase")

    def _suspend(self, request: Request) -> Response:
        return self._serve(request, "SUSPEND", "accountName", "reason")

    def _unsuspend(self, request: Request) -> Response:
        return self._serve(request, "UNSUSPEND", "accountName")

    def _details(self, request: Request) -> Response:
        ctx, _ = self._open(request, _ACCOUNTS)
        (name,) = _fields(request, "accountName")
        account = ctx.network.accounts.get(name)
        if account is None:
            return json_response({"success": False, "error": "There is no such account"})
        return json_response(
            {
                "success": True,
                "accountName": account.name,
                "email": account.email or None,
                "registeredAt": account.created,
                "suspended": account.suspended or None,
                "verified": not account.code,
            }
        )

    def _rehash(self, request: Request) -> Response:
        ctx, _ = self._open(request, "rehash")
        ctx.adopt(Message("REHASH"))
        finish_command(request, ctx, run(ctx))
        refused = [each.params[-1] for each in answers(ctx.session) if each.command[0] in "45"]
        return json_response({"success": not refused, "error": refused[0] if refused else None})

    def _serve(self, request: Request, name: str, *fields: str) -> Response:
        """Run a command of NickServ, and answer with its refusal, if any."""
        entry = NICKSERV.entries[name]
        ctx, _ = self._open(request, entry.right)
        words = list(_fields(request, *fields))
        try:
            finish_command(request, ctx, entry.handler(ctx, words))
        except ServiceError as error:
            return json_response({"success": False, "error": str(error)})
        except StoreError:
            return json_response({"success": False, "error": "It could not be stored; try again"})
        refused = [each.params[-1] for each in answers(ctx.session) if each.command == "FAIL"]
        return json_response({"success": not refused, "error": refused[0] if refused else None})


def _fields(request: Request, *names: str) -> tuple[str, ...]:
    """Return fields of the body, of one line each; the reason may be missing. Raises HttpError."""
    body = request.json()
    values = []
    for name in names:
        value = body.get(name, "" if name == "reason" else None)
        if not isinstance(value, str) or not (value or name == "reason"):
            raise HttpError(422, f"{name} is missing")
        if len(value.encode(errors="replace")) > _LONGEST or not value.isprintable():
            raise HttpError(422, f"{name} must be one line of at most {_LONGEST} bytes")
        if name == "accountName" and " " in value:
            raise HttpError(422, "accountName must have no spaces")
        values.append(value)
    return tuple(values)
