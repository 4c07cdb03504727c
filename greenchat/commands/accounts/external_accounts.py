"""Accounts of users whose logins are checked elsewhere: by an identity provider, an LDAP directory, a program.

Such a user (a subject) logs in to a linked account, which is made at the first login. A name alone proves nothing: an
account of that name that was registered here with a password may be another person's.
"""

from greenchat.chat.accounts import Account, account_id
from greenchat.commands.accounts.register import RegisterRefusal, expired_account_removal, why_not_new_account
from greenchat.commands.core.audit_log import note
from greenchat.commands.core.context import Context
from greenchat.commands.core.persistence import account_update, carry_out, change_account
from greenchat.commands.core.steps import step
from greenchat.config.external_auth import AuthScript, Ldap
from greenchat.config.settings import Settings

_EXTERNAL = "outside "  # the prefix of subjects whose passwords are checked elsewhere


def make_account(ctx: Context, subject: str, name: str) -> Account | RegisterRefusal:
    """Make an account that is linked to a subject, or return why not. Only for steps. Raises StoreError."""
    refusal = why_not_new_account(ctx, name)
    if refusal:
        return refusal
    account = Account(name, "", ctx.now, id=account_id(ctx.new_id()), subjects=(subject,))
    carry_out(ctx, *expired_account_removal(ctx, name), account_update(ctx, account))
    note(ctx, "NICKSERV", f"The account {name} was made for {subject}")
    return account


def is_checked_externally(ctx: Context, account: Account | None, name: str) -> bool:
    """Whether to ask the external service about this name: not if its account has a password here."""
    rules = _rules(ctx.network.settings)
    return rules.is_on and (account is None or rules.adopt or _subject(ctx, name) in account.subjects)


def has_external_password(ctx: Context, account: Account) -> bool:
    """Whether an account's password is kept elsewhere, so that none may be set here."""
    is_linked = any(subject.startswith(_EXTERNAL) for subject in account.subjects)
    return is_linked and _rules(ctx.network.settings).is_on


@step("outside.admitted")
def admit(ctx: Context, name: str) -> Account | RegisterRefusal:
    """Return the account of a user whose name an external service has confirmed, made if need be."""
    rules, accounts, subject = _rules(ctx.network.settings), ctx.network.accounts, _subject(ctx, name)
    account = accounts.by_proof(subject)
    if account is not None:
        return account
    account = accounts.get(name)
    if account is not None and rules.adopt:
        note(ctx, "NICKSERV", f"The account {account.name} was linked to {subject}, and its password here was removed")
        subjects = (*account.subjects, subject)
        return change_account(ctx, account.name, verifier="", verifier_512="", subjects=subjects)
    if not rules.create:
        return RegisterRefusal("NO_ACCOUNT", "You have no account here")
    return make_account(ctx, subject, name)


@step("oidc.signed-in")
def sign_in(ctx: Context, subject: str, name: str, own: str) -> Account | RegisterRefusal:
    """Return the account of a user who has logged in at the provider from the page, made if need be.

    own: the id of the account to which the browser is already signed in, "" for none.
    """
    accounts = ctx.network.accounts
    account, signed_in = accounts.by_proof(subject), accounts.by_id(own)
    if account is not None and signed_in in (None, account):
        return account
    if signed_in is not None and (account is not None or signed_in.subjects):
        known = (
            f"Your login at the provider belongs to the account {account.name}"
            if account
            else f"The account {signed_in.name} belongs to another login at the provider"
        )
        return RegisterRefusal("ACCOUNT_EXISTS", f"{known}. You are signed in as {signed_in.name}: log out there first")
    if signed_in is not None:
        note(ctx, "NICKSERV", f"The account {signed_in.name} was linked to {subject}")
        return change_account(ctx, signed_in.name, subjects=(subject,))
    if not ctx.network.settings.providers.oidc.create:
        return RegisterRefusal("NO_ACCOUNT", "You have no account here")
    if not name:
        claim = ctx.network.settings.providers.oidc.claim
        return RegisterRefusal(
            "BAD_ACCOUNT_NAME", f"The provider gives no {claim}, which is needed as the account's name"
        )
    made = make_account(ctx, subject, name)
    if isinstance(made, RegisterRefusal) and made.code == "ACCOUNT_EXISTS":
        text = (
            f"The account {name} already exists. If it is yours, log in with its password, stay signed in, and then"
            " log in at the provider"
        )
        return RegisterRefusal(made.code, text)
    return made


def _rules(settings: Settings) -> AuthScript | Ldap:
    return settings.providers.ldap if settings.providers.ldap.is_on else settings.providers.auth_script


def _subject(ctx: Context, name: str) -> str:
    return f"{_EXTERNAL}{ctx.network.fold(name)}"
