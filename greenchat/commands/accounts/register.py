"""REGISTER and VERIFY: registration of accounts.

https://ircv3.net/specs/extensions/account-registration (draft). NickServ's REGISTER does the same: `register` is the
only place that registers accounts.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from greenchat.chat.accounts import Account, account_id
from greenchat.chat.protection.defcon import NO_ACCOUNTS
from greenchat.chat.tokens import PASSING, SESSION
from greenchat.chat.user import Session
from greenchat.commands.accounts import password_rules
from greenchat.commands.accounts.login import count_failure, log_in, must_wait, note_origin
from greenchat.commands.accounts.nick_ownership import RESERVED, is_reserved, reservation_of
from greenchat.commands.accounts.second_factor import LIKE_A_CODE, ends_like_a_code, needs_code
from greenchat.commands.accounts.tokens import token_revocation
from greenchat.commands.accounts.verification import (
    has_expired,
    hint,
    is_code_of,
    is_mailed,
    mail_code,
    new_code,
)
from greenchat.commands.accounts.webpush import push_removal
from greenchat.commands.core.audit_log import note
from greenchat.commands.core.cap_offers import OFFERS
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation, Deferred
from greenchat.commands.core.errors import FailError
from greenchat.commands.core.persistence import Change, account_removal, account_update, carry_out, change_account
from greenchat.commands.core.registry import Way, command
from greenchat.commands.core.steps import NAMES, STEPS, step
from greenchat.config import validators
from greenchat.config.settings import AccountSettings, Settings
from greenchat.protocol import caps
from greenchat.protocol.scram import HASHES, make_verifier
from greenchat.values import addresses


@dataclass(frozen=True, slots=True)
class RegisterRefusal:
    """The reason why no account was registered: a code of the specification, and a text for the user."""

    code: str
    text: str


@command("REGISTER", params=3, anytime=True, way=Way.STEPS)
def register_(ctx: Context) -> Deferred | None:
    """REGISTER <account or *> <email or *> <password>

    Register an account, by default with your nickname. The nickname is then reserved for you.
    """
    wanted, email, password = ctx.message.params[:3]
    if ctx.session.user is None and not ctx.network.settings.accounts.before_connect:
        text = "Complete the connection before registering"
        raise FailError("REGISTER", "COMPLETE_CONNECTION_REQUIRED", text=text)
    if ctx.nick == "*":
        raise FailError("REGISTER", "NEED_NICK", "*", text="Choose a nickname with NICK first")
    name = ctx.nick if wanted == "*" else wanted
    if ctx.session.user is None and ctx.session.registration.listed:
        # otherwise everybody could register the account that the gate requires
        raise FailError(
            "REGISTER",
            "TEMPORARILY_UNAVAILABLE",
            name,
            text=f"You can't register from this address: {ctx.session.registration.listed}",
        )
    if ctx.session.account:
        text = f"You are already logged in as {ctx.session.account}"
        raise FailError("REGISTER", "ALREADY_AUTHENTICATED", ctx.session.account, text=text)
    return register(ctx, name, "" if email == "*" else email, password, _registered)


@step("register.told")
def _registered(ctx: Context, name: str, result: Account | RegisterRefusal) -> None:
    if isinstance(result, RegisterRefusal):
        raise FailError("REGISTER", result.code, name, text=result.text)
    if result.code:
        ctx.respond(ctx.envelope("REGISTER", "VERIFICATION_REQUIRED", result.name, hint(ctx, result)))
        return
    ctx.respond(ctx.envelope("REGISTER", "SUCCESS", result.name, "Account registered"))
    log_in(ctx, result)


@command("VERIFY", params=2, anytime=True, way=Way.STEPS)
def verify(ctx: Context) -> None:
    """VERIFY <account> <code>

    Confirm the registration of an account with its code.
    """
    confirm(ctx, *ctx.message.params[:2])


def confirm(ctx: Context, name: str, code: str) -> None:
    """Confirm an account with the code that it waits for. Raises FailError."""
    if ctx.session.account:
        text = f"You are already logged in as {ctx.session.account}"
        raise FailError("VERIFY", "ALREADY_AUTHENTICATED", ctx.session.account, text=text)
    seconds = must_wait(ctx, name)
    if seconds:
        text = f"Too many wrong codes: try again in {seconds} seconds"
        raise FailError("VERIFY", "TEMPORARILY_UNAVAILABLE", name, text=text)
    account = ctx.network.accounts.get(name)
    if account is None or not is_code_of(ctx, account, code):
        count_failure(ctx, name)
        raise FailError("VERIFY", "INVALID_CODE", name, text="Wrong code, or no such unconfirmed account")
    ctx.propose(_verify, account.name, code)


@step("account.verified")
def _verify(ctx: Context, name: str, code: str) -> None:
    account = ctx.network.accounts.get(name)
    if account is None or not is_code_of(ctx, account, code):
        raise FailError("VERIFY", "INVALID_CODE", name, text="Wrong code, or no such unconfirmed account")
    account = change_account(ctx, account.name, code="")
    note(ctx, "NICKSERV", f"{ctx.nick} verified the account {account.name}")
    ctx.respond(ctx.envelope("VERIFY", "SUCCESS", account.name, "Account registered"))
    log_in(ctx, account)


Told = Callable[[Context, str, Account | RegisterRefusal], None]


def register(
    ctx: Context, name: str, email: str, password: str, then: Told, *, for_somebody: bool = False
) -> Deferred | None:
    """Make an account and call `then` with it, or with the reason why not; hashing the password takes a thread some
    time.

    then: a step. for_somebody: an operator makes it, regardless of the settings and of the nick's user.
    """
    why_not = _why_not_free if for_somebody else _why_not
    refusal = why_not(ctx, name, email) or why_not_password(password, name, ctx.network.settings.accounts)
    if not (refusal or for_somebody):
        refusal = _too_many(ctx, email)
    if refusal:
        then(ctx, name, refusal)
        return None
    if not for_somebody:
        ctx.propose(_count, _throttled(ctx, email))
    salt, iterations = ctx.random(16), ctx.network.settings.accounts.iterations
    code = "" if for_somebody else new_code(ctx, email)
    mails = bool(code) and is_mailed(ctx, email)

    def hashed(ctx: Context, verifiers: list[str]) -> Continuation | None:
        later = ctx.propose(_make, name, email, verifiers, code, mails, for_somebody, NAMES[then])
        made = ctx.network.accounts.get(name)
        if made is not None and made.code and not for_somebody:
            # so that wrong codes from elsewhere do not count for users of this origin
            ctx.propose(note_origin, made.id, addresses.netblock(ctx.session.host))
        return later

    return Deferred(lambda: make_verifiers(password, salt, iterations), hashed, hashes=True)


def make_verifiers(password: str, salt: bytes, iterations: int) -> list[str]:
    """Return what is stored of a password, for SHA-256 and for SHA-512. Slow on purpose: run it off the loop."""
    return [str(make_verifier(password, salt, iterations, hash_name)) for hash_name in HASHES.values()]


@step("account.counted")
def _count(ctx: Context, who: list[str]) -> None:
    for each in who:
        ctx.network.protection.registrations.count(each, ctx.now)


@step("account.made")
def _make(
    ctx: Context, name: str, email: str, verifiers: list[str], code: str, mails: bool, for_somebody: bool, told: str
) -> Continuation | None:
    # somebody else may have taken the name meanwhile
    refusal = (_why_not_free if for_somebody else _why_not)(ctx, name, email)
    then: Told = STEPS[told]
    if refusal:
        then(ctx, name, refusal)
        return None
    verifier, verifier_512 = verifiers
    number = account_id(ctx.new_id())
    account = Account(name, verifier, ctx.now, email, code=code, id=number, verifier_512=verifier_512)
    carry_out(ctx, *expired_account_removal(ctx, name), account_update(ctx, account))
    if not for_somebody:
        note(ctx, "NICKSERV", f"{ctx.nick} registered the account {name}")
    if mails:
        return mail_code(
            ctx, account, lambda ctx, is_sent: ctx.propose(_mailed, account.id, name, email, is_sent, told)
        )
    then(ctx, name, account)
    return None


def expired_account_removal(ctx: Context, name: str) -> list[Change]:
    """Return the change that removes an expired unconfirmed account of this name, or of a confusable one."""
    expired = ctx.network.accounts.claimant_of(name)
    return [account_removal(ctx, expired)] if expired else []


@step("account.mailed")
def _mailed(ctx: Context, made: str, name: str, email: str, is_sent: bool, told: str) -> None:
    then: Told = STEPS[told]
    account = ctx.network.accounts.by_id(made)
    if account is not None and (is_sent or not account.code):  # a mail may arrive despite a failure
        then(ctx, name, account)
        return
    if account:
        carry_out(ctx, account_removal(ctx, account))
    then(ctx, name, RegisterRefusal("INVALID_EMAIL", f"The mail to {email} could not be sent: check the address"))


def change_password(
    ctx: Context, name: str, password: str, then: Callable[[Context, str, str], None], *, alone: bool = False
) -> Deferred | None:
    """Change an account's password and call `then`, a step, with its id and "", or the reason why not.

    alone: whether to remove certificates and tokens, which a thief of the old password may have added.
    """
    changed = ctx.network.accounts.id_of(name)
    refusal = why_not_password(password, name, ctx.network.settings.accounts)
    account = ctx.network.accounts.by_id(changed)
    why_not = refusal.text if refusal else ""
    if account is not None and needs_code(account) and ends_like_a_code(password):
        why_not = LIKE_A_CODE
    if why_not:
        then(ctx, changed, why_not)
        return None
    salt, iterations = ctx.random(16), ctx.network.settings.accounts.iterations

    def hashed(ctx: Context, verifiers: list[str]) -> None:
        ctx.propose(_change, changed, verifiers, NAMES[then], alone)

    return Deferred(lambda: make_verifiers(password, salt, iterations), hashed, hashes=True)


@step("account.password")
def _change(ctx: Context, changed: str, verifiers: list[str], told: str, alone: bool = False) -> None:
    then: Callable[[Context, str, str], None] = STEPS[told]
    account = ctx.network.accounts.by_id(changed)
    if account is None:
        then(ctx, changed, "That account no longer exists")
        return
    verifier, verifier_512 = verifiers
    # the codes may have been requested by another person
    account = replace(account, verifier=verifier, verifier_512=verifier_512, reset="", new_email="")
    if alone:
        account = replace(account, certificates=(), subjects=())
    tokens = token_revocation(ctx, account, *(() if alone else (*PASSING, SESSION)))
    carry_out(ctx, account_update(ctx, account), tokens, push_removal(ctx, account))
    note(ctx, "NICKSERV", f"{ctx.nick} changed the password of the account {account.name}")
    then(ctx, changed, "")


def _why_not(ctx: Context, name: str, email: str) -> RegisterRefusal | None:
    network = ctx.network
    accounts = network.settings.accounts
    if not accounts.registration or network.protection.defcon <= NO_ACCOUNTS:
        return RegisterRefusal("TEMPORARILY_UNAVAILABLE", "Account registration is currently disabled")
    holder = network.holder(name)
    if holder is not None and holder is not ctx.session.user:
        return RegisterRefusal("ACCOUNT_EXISTS", "Somebody is using this name as their nickname")
    if is_reserved(network, name) or reservation_of(ctx, name):
        return RegisterRefusal("BAD_ACCOUNT_NAME", RESERVED)
    if not accounts.custom_names and network.fold(name) != network.fold(ctx.nick):
        return RegisterRefusal("ACCOUNT_NAME_MUST_BE_NICK", "The account's name must be your nickname")
    if not _is_mailbox(email):
        return RegisterRefusal("INVALID_EMAIL", "That is not a valid email address")
    if accounts.email_required and not email:
        return RegisterRefusal("INVALID_EMAIL", "An email address is required")
    return _why_not_free(ctx, name, email)


def why_not_new_account(ctx: Context, name: str) -> RegisterRefusal | None:
    """Return why an account of this name can't be registered now, with any credentials; None if it can."""
    holder = ctx.network.holder(name)
    if holder is not None and holder is not ctx.session.user:
        return RegisterRefusal("ACCOUNT_EXISTS", "Somebody is using this name as their nickname")
    if is_reserved(ctx.network, name) or reservation_of(ctx, name):
        return RegisterRefusal("BAD_ACCOUNT_NAME", RESERVED)
    return _why_not_free(ctx, name, "")


def _too_many(ctx: Context, email: str) -> RegisterRefusal | None:
    wait = max((ctx.network.protection.registrations.wait(who, ctx.now) for who in _throttled(ctx, email)), default=0)
    if not wait:
        return None
    text = f"Too many accounts were registered lately: try again in {wait // 1000 + 1} seconds"
    return RegisterRefusal("TEMPORARILY_UNAVAILABLE", text)


def _throttled(ctx: Context, email: str) -> list[str]:
    """Return the keys for counting registrations: the origin, and the mailbox that gets the mail."""
    host = ctx.session.host
    origin = [] if addresses.address(host).is_loopback else [addresses.netblock(host)]
    return origin + ["mailto:" + email.lower()] * bool(email)


def why_not_email(ctx: Context, email: str) -> str:
    """Return why an account can't have this address, "" if it can; "" is none."""
    if email and not _is_mailbox(email):
        return "That is not a valid email address"
    return "An email address is required" if ctx.network.settings.accounts.email_required and not email else ""


def _is_mailbox(email: str) -> bool:
    try:
        return validators.mailbox(email) == email
    except ValueError:
        return False


def _why_not_free(ctx: Context, name: str, _: str) -> RegisterRefusal | None:
    if not ctx.network.naming.is_nick(name, ctx.network.settings.limits.nick):
        return RegisterRefusal("BAD_ACCOUNT_NAME", "An account's name must be a valid nickname")
    claimant = ctx.network.accounts.claimant_of(name)
    if claimant and not has_expired(ctx, claimant):
        return RegisterRefusal(
            "ACCOUNT_EXISTS", "An account with this name, or one that looks the same, already exists"
        )
    if ctx.network.accounts.reserved(name):
        return RegisterRefusal(
            "ACCOUNT_EXISTS", "This name belonged to a deleted account: only an operator can release it"
        )
    return None


def why_not_password(password: str, name: str, rules: AccountSettings) -> RegisterRefusal | None:
    """Return why an account of this name can't have this password; None if it can."""
    fault = password_rules.why_not(password, name, rules)
    return RegisterRefusal(*fault) if fault else None


def _offer_registration(settings: Settings, _: Session) -> str | None:
    accounts = settings.accounts
    if not accounts.registration:
        return None
    keys = {
        "before-connect": accounts.before_connect,
        "custom-account-name": accounts.custom_names,
        "email-required": accounts.email_required,
    }
    return ",".join(key for key, holds in keys.items() if holds)


OFFERS[caps.ACCOUNT_REGISTRATION] = _offer_registration
