"""NickServ: accounts for users of clients without SASL and REGISTER."""

import hmac
import re
from dataclasses import replace
from functools import partial

from greenchat.chat.accounts import Account
from greenchat.chat.always_on import stays
from greenchat.chat.tokens import BOT, HOOK
from greenchat.commands.accounts.external_accounts import has_external_password, is_checked_externally
from greenchat.commands.accounts.login import find_account, log_in, proof_of, proved, why_unusable
from greenchat.commands.accounts.password_check import check_password
from greenchat.commands.accounts.register import RegisterRefusal, change_password, register
from greenchat.commands.accounts.second_factor import Denial
from greenchat.commands.accounts.verification import hint
from greenchat.commands.core.audit_log import act, note
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation, Deferred
from greenchat.commands.core.persistence import change_account, forget_presence, free_name
from greenchat.commands.core.registry import Way
from greenchat.commands.core.service import ServiceError, may, service, tell
from greenchat.commands.core.steps import step
from greenchat.commands.services.expiry import account_end, presence_end
from greenchat.commands.services.removal import erase_account, owned, remove_account, successor_of
from greenchat.protocol.times import in_words

_QUOTED = re.compile(r"""(?:"(.+?)"|(\S+))\s+(?:"(.+)"|(\S+))""")

NICKSERV = service("NickServ", "NickServ registers nicknames and protects them for their owners.", "NS")


@NICKSERV.command("REGISTER", "<password> [<email>]", way=Way.STEPS, leading=0)
def register_(ctx: Context, words: list[str]) -> Deferred | None:
    """Register your nickname as an account. A last word with an @ is your email address."""
    if ctx.session.account:
        raise ServiceError(f"You are already logged in as {ctx.session.account}")
    password, _, email = words[0].rpartition(" ")
    if "@" not in email or not password:
        password, email = words[0], ""
    return register(ctx, ctx.nick, email, password, _registered)


@step("nickserv.registered")
def _registered(ctx: Context, name: str, result: Account | RegisterRefusal) -> None:
    if isinstance(result, RegisterRefusal):
        raise ServiceError(result.text)
    if result.code:
        tell(ctx, NICKSERV, f"{hint(ctx, result)}: /quote VERIFY {name} CODE")
        return
    tell(ctx, NICKSERV, f"{name} is now registered to you. Log in with /msg NickServ IDENTIFY or, better, with SASL")
    log_in(ctx, result)


@NICKSERV.command("IDENTIFY", "[<account>] <password>", way=Way.STEPS, leading=0)
def identify(ctx: Context, words: list[str]) -> Continuation | None:
    """Log in to the account of your nickname, or to another. The password may contain spaces."""
    name, space, password = words[0].partition(" ")
    # all words are the password of one's own nickname, unless the first is an account
    if space and (len(words[0].split()) == 2 or find_account(ctx, name)):
        return check_password(ctx, name, password, partial(_identified, name), refuse)
    if not space or not is_checked_externally(ctx, None, name):
        return check_password(ctx, ctx.nick, words[0], partial(_identified, ctx.nick), refuse)

    def own(ctx: Context, account: Account | None) -> Continuation | None:
        """Take the first word for an account of an external service, if all words together are a wrong password."""
        if account is None:
            return check_password(ctx, name, password, partial(_identified, name), refuse)
        _identified(ctx.nick, ctx, account)
        return None

    return check_password(ctx, ctx.nick, words[0], own, refuse)


def refuse(_: Context, denial: Denial) -> None:
    raise ServiceError(denial.text)


def _identified(name: str, ctx: Context, account: Account | None) -> None:
    if account is None:
        raise ServiceError(_why_wrong(ctx, name))
    reason = why_unusable(account)
    if reason:
        raise ServiceError(reason)
    ctx.propose(_log_in, account.id, proof_of(account))


def _why_wrong(ctx: Context, name: str) -> str:
    """Return why a login failed, and what to do if no password can be right.

    It reveals only of the client's own nickname whether it is an account, and has a password.
    """
    if name != ctx.nick:
        return "Wrong password"
    account = find_account(ctx, name)
    if account is None:
        return f"Wrong password, or {name} is no account: IDENTIFY <account> <password>"
    if not account.verifier and not is_checked_externally(ctx, account, name):
        return (
            f"Wrong password: the account {account.name} has none here. Log in with your provider on the web page, or"
            f" with a certificate; SENDPASS {account.name} sets a password if it has an email address"
        )
    return "Wrong password"


@step("nickserv.login")
def _log_in(ctx: Context, account_id: str, proof: str) -> None:
    account = proved(ctx, account_id, proof)
    if account is None:
        raise ServiceError("Wrong password")
    log_in(ctx, account)
    tell(ctx, NICKSERV, f"You are logged in as {account.name}")


@NICKSERV.command("INFO", "[<account>]", way=Way.HERE)
def info(ctx: Context, words: list[str]) -> None:
    """Show information about an account (default: yours)."""
    account = ctx.network.accounts.owner_of_nick(words[0] if words else ctx.session.account or ctx.nick)
    if account is None:
        raise ServiceError("There is no such account")
    is_owner = ctx.network.fold(ctx.session.account) == ctx.network.fold(account.name)
    lines = [f"{account.name} is an account"]  # others learn no more than from NICK
    if is_owner or may(ctx, "accounts"):
        lines = [f"Account {account.name}, registered {in_words(account.created)}"]
        if account.code:
            lines.append(f"Not confirmed: the owner must send VERIFY {account.name} {account.code}")
        end = account_end(ctx.network, account)
        if end:
            lines.append(f"Expires {in_words(end)} unless somebody logs in before")
        lines += [
            f"{user.nick} stays online without a connection until {in_words(presence)}"
            for user in ctx.network.users_of(account.name)
            if (presence := presence_end(ctx.network, user))
        ]
        if account.new_email:
            lines.append(f"Unconfirmed address: {account.new_email.split(' ')[2]} (VERIFYEMAIL)")
        lines += [f"Email: {account.email or 'none'}", f"Certificates: {', '.join(account.certificates) or 'none'}"]
    tell(ctx, NICKSERV, *lines)


@NICKSERV.command("PASSWD", "<old> <new>", way=Way.STEPS, leading=0)
def passwd(ctx: Context, words: list[str]) -> Continuation | None:
    """Change your password. If one contains spaces, quote both: PASSWD "old one" "new one"."""
    account = own_account(ctx)
    if has_external_password(ctx, account):
        raise ServiceError("Your password is not managed here: change it where your account comes from")
    old, new = _two_passwords(words[0])

    def checked(ctx: Context, confirmed: Account | None) -> Deferred | None:
        if confirmed is None:
            raise ServiceError("The old password is wrong")
        return change_password(ctx, confirmed.name, new, _password_changed)

    return check_password(ctx, account.name, old, checked, refuse)


def _two_passwords(text: str) -> tuple[str, str]:
    """Return two words, or two texts in quotes. Raises ServiceError."""
    quoted = _QUOTED.fullmatch(text.strip())
    if quoted:
        return quoted[1] or quoted[2], quoted[3] or quoted[4]
    old, *new = text.split()
    if len(new) != 1:
        raise ServiceError('Usage: PASSWD <old> <new>; if one contains spaces: PASSWD "old one" "new one"')
    return old, new[0]


@step("nickserv.password")
def _password_changed(ctx: Context, _: str, why_not: str) -> None:
    if why_not:
        raise ServiceError(why_not)
    tell(ctx, NICKSERV, "Your password was changed")
    others = [each for each in ctx.network.sessions if each.account == ctx.session.account and each is not ctx.session]
    if others:
        count = f"{len(others)} other connection{'s' * (len(others) != 1)}"
        tell(
            ctx,
            NICKSERV,
            f"{count} of yours stayed logged in: see SESSIONS, and end them with /msg NickServ LOGOUT OTHERS",
        )
    account = own_account(ctx)
    tokens = [each for each in ctx.network.tokens.of(account) if each.kind in (BOT, HOOK) and each.holds(ctx.now)]
    for what, left, command in ("token", len(tokens), "TOKEN"), ("certificate", len(account.certificates), "CERT"):
        if left:
            them = f"{left} {what}{'s' * (left != 1)} of your account stayed valid"
            tell(ctx, NICKSERV, f"{them}: /msg NickServ {command} LIST shows which")


@NICKSERV.command("DROP", "<account> <password>", way=Way.STEPS, leading=1)
def drop(ctx: Context, words: list[str]) -> Continuation | None:
    """Delete your account. Its name stays reserved until an operator releases it."""
    account = own_account(ctx)
    if ctx.network.fold(words[0]) != ctx.network.fold(account.name):
        raise ServiceError(f"To confirm, name your own account: {account.name}")
    return check_password(ctx, account.name, words[1], _dropped, refuse)


def _dropped(ctx: Context, account: Account | None) -> None:
    if account is None:
        raise ServiceError("Wrong password")
    ctx.propose(_drop, account.id, proof_of(account))


@step("nickserv.drop")
def _drop(ctx: Context, account_id: str, proof: str) -> None:
    account = proved(ctx, account_id, proof)
    if account is None:
        raise ServiceError("Wrong password")
    channels = [channel.name for channel in owned(ctx, account) if successor_of(ctx, channel) is None]
    if channels:
        text = "transfer them with /msg ChanServ TRANSFER, or set a SUCCESSOR, first"
        raise ServiceError(f"You own {', '.join(channels[:5])}: {text}")
    note(ctx, "NICKSERV", f"{ctx.nick} dropped the account {account.name}")
    remove_account(ctx, account)
    tell(ctx, NICKSERV, f"The account {account.name} was deleted")


@NICKSERV.command("ERASE", "<account> [<code>]", right="accounts")
def erase(ctx: Context, words: list[str]) -> None:
    """Delete an account and release its channels and name, or release the name of a deleted account.

    The first call answers with a code that confirms the second. Messages stay: see HistServ FORGET.
    """
    account = ctx.network.accounts.get(words[0])
    if account is None:
        dropped = free_name(ctx, words[0])
        if dropped is None:
            raise ServiceError("There is no such account, and no such reserved name")
        act(ctx, "ERASE", f"{ctx.nick} released the name {dropped.name} of a deleted account")
        tell(ctx, NICKSERV, f"{dropped.name} can be registered again")
        return
    code = f"{account.birth % 100_000_000:08}"
    if len(words) < 2 or not hmac.compare_digest(words[1].encode(), code.encode()):
        channels = ", ".join(channel.name for channel in owned(ctx, account)[:10])
        also = f" and release {channels}, or transfer them to their successors" if channels else ""
        tell(ctx, NICKSERV, f"To delete the account{also}: /msg NickServ ERASE {account.name} {code}")
        return
    act(ctx, "ERASE", f"{ctx.nick} erased the account {account.name}")
    erase_account(ctx, account)
    tell(ctx, NICKSERV, f"The account {account.name} was deleted, and its name can be registered again")


@NICKSERV.command("CERT", "<ADD|DEL|LIST> [<fingerprint>]")
def cert(ctx: Context, words: list[str]) -> None:
    """Add, remove or list client certificates that log in to your account without a password (SASL EXTERNAL).

    ADD adds the certificate of this connection; DEL removes one by its fingerprint.
    """
    account = own_account(ctx)
    action = words[0].upper()
    if action == "LIST":
        tell(ctx, NICKSERV, *(account.certificates or ("No certificates",)))
        return
    fingerprint = (words[1] if len(words) > 1 else ctx.session.tls.certificate).replace(":", "").lower()
    if action not in ("ADD", "DEL"):
        raise ServiceError("Usage: CERT ADD|DEL|LIST [<fingerprint>]")
    if len(fingerprint) != 64 or set(fingerprint) - set("0123456789abcdef"):
        raise ServiceError("A fingerprint is the SHA-256 digest of a certificate: 64 hexadecimal digits")
    if action == "ADD" and fingerprint != ctx.session.tls.certificate:
        raise ServiceError("You can add only the certificate of this connection")
    if action == "ADD":
        if ctx.network.accounts.by_proof(fingerprint):
            raise ServiceError("That certificate already belongs to an account")
        certificates = (*account.certificates, fingerprint)
    elif fingerprint not in account.certificates:
        raise ServiceError("Your account does not have that certificate")
    else:
        certificates = tuple(one for one in account.certificates if one != fingerprint)
    change_account(ctx, account.name, certificates=certificates)
    done = "added a certificate to" if action == "ADD" else "removed a certificate from"
    note(ctx, "NICKSERV", f"{ctx.nick} {done} the account {account.name}: {fingerprint}")
    tell(ctx, NICKSERV, f"Certificate {'added' if action == 'ADD' else 'removed'}")


@NICKSERV.command("SET", "[<what>] [<on|off|default>]", way=Way.STEPS, leading=2)
def set_(ctx: Context, words: list[str]) -> Continuation | None:
    """Show or change your preferences.

    ALWAYS-ON: stay in your channels without a connection. AUTO-AWAY: be marked as away meanwhile.
    MULTICLIENT: let several connections share your nickname. ENFORCE: let nobody else use your nickname.
    SET EMAIL <address|none> <password> is the same as EMAIL.
    """
    account = own_account(ctx)
    preferences = account.preferences
    if len(words) < 2:
        shown = [f"{name}: {_SHOWN[getattr(preferences, field)]}" for name, field in _PREFERENCES.items()]
        tell(ctx, NICKSERV, *shown)
        return None
    if words[0].upper() == "EMAIL":
        return NICKSERV.entries["EMAIL"].handler(ctx, words[1:])
    field = _PREFERENCES.get(words[0].upper())
    value = words[1].lower()
    if field is None or value not in _VALUES:
        raise ServiceError(f"Usage: SET {'|'.join(_PREFERENCES)} on|off|default")
    ctx.propose(_set_preference, account.id, field, _VALUES[value], words[0].upper())
    return None


@step("nickserv.preference")
def _set_preference(ctx: Context, account_id: str, field: str, value: bool | None, name: str) -> None:
    account = ctx.network.accounts.by_id(account_id)
    if account is None:
        raise ServiceError("That account no longer exists")
    change_account(ctx, account.name, preferences=replace(account.preferences, **{field: value}))
    if stays(ctx.network, ctx.user):
        ctx.network.local.changed_presences[ctx.user] = None
    else:
        forget_presence(ctx, account.id)
    tell(ctx, NICKSERV, f"{name} is now {_SHOWN[value]}")


_PREFERENCES = {
    "ALWAYS-ON": "always_on",
    "AUTO-AWAY": "auto_away",
    "MULTICLIENT": "multiclient",
    "ENFORCE": "enforce_nick",
}
_SHOWN = {True: "on", False: "off", None: "default"}
_VALUES = {name: value for value, name in _SHOWN.items()}
_VALUES |= dict.fromkeys(("true", "yes", "1"), True) | dict.fromkeys(("false", "no", "0"), False)


@NICKSERV.command("SAREGISTER", "<account> <password>", right="accounts", way=Way.STEPS, leading=1)
def saregister(ctx: Context, words: list[str]) -> Deferred | None:
    """Register an account for another user."""
    return register(ctx, words[0], "", words[1], _registered_for_somebody, for_somebody=True)


@step("nickserv.saregistered")
def _registered_for_somebody(ctx: Context, name: str, result: Account | RegisterRefusal) -> None:
    if isinstance(result, RegisterRefusal):
        raise ServiceError(result.text)
    act(ctx, "SAREGISTER", f"{ctx.nick} created the account {name}")
    tell(ctx, NICKSERV, f"The account {name} is registered")


def own_account(ctx: Context) -> Account:
    account = ctx.network.accounts.get(ctx.session.account) if ctx.session.account else None
    if account is None:
        raise ServiceError("You are not logged in: use IDENTIFY first")
    return account
