"""Logging in: SASL SCRAM-SHA-256 first, a password in the clear only where nobody can listen, NickServ for old servers.

https://ircv3.net/specs/extensions/sasl-3.2, https://ircv3.net/specs/extensions/account-registration
"""

import os
from collections.abc import Callable

from greenchat.client.irc import bouncer, joining
from greenchat.client.state.credentials import SERVER, Attempt, Credentials
from greenchat.client.state.effects import Connect, Reconnect, SaveCredentials
from greenchat.client.state.model import ClientNetwork, LinkState, Model
from greenchat.client.state.questions import Answer, Prompt, Question, nothing
from greenchat.protocol import caps

SASL = "sasl"
(REGISTRATION,) = caps.names(caps.ACCOUNT_REGISTRATION)
# https://codeberg.org/emersion/soju/src/branch/master/doc/ext/account-required.md
ACCOUNT_REQUIRED = "soju.im/account-required"
SERVICE = "NickServ"


def account_of(network: ClientNetwork) -> str:
    """Return the account to log in to: that of the settings, or else the wanted nickname."""
    return (network.saved.account if network.saved else "") or network.nicks.wanted


def server_password(network: ClientNetwork) -> str:
    """Return the parameter of PASS, "" for none: the user's input, or `account:password` if the network is set up so.

    https://wiki.znc.in/Configuration: a bouncer takes `user/network:password`.
    """
    credentials = network.login.credentials
    if not (network.saved and network.saved.login == "pass" and credentials and private(network)):
        return network.login.server_password
    return f"{credentials.account}:{credentials.password}"


def _credentials(network: ClientNetwork) -> Credentials | None:
    """Return the credentials for the present connection."""
    return network.login.upstream if bouncer.is_between(network) else network.login.credentials


def _take(network: ClientNetwork, credentials: Credentials | None, *, keep: bool) -> None:
    """Set the credentials. keep: whether to offer saving them; a bouncer saves those of its networks itself."""
    if bouncer.is_between(network):
        network.login.use_upstream(credentials)
    else:
        network.login.use(credentials, keep=keep)


def use_saved(network: ClientNetwork, credentials: Credentials) -> None:
    """Use the saved credentials, unless the user has entered others."""
    if credentials.account != SERVER:
        network.login.credentials = network.login.credentials or credentials
    elif private(network):
        network.login.server_password = network.login.server_password or credentials.password


def has_credentials(network: ClientNetwork) -> bool:
    """Whether there are credentials for SASL."""
    if bouncer.is_between(network):
        return network.login.upstream is not None
    if network.saved and network.saved.login == "pass":
        return False
    return network.login.credentials is not None or bool(network.login.certificate and network.address.tls)


def lacks_account(network: ClientNetwork) -> bool:
    """Whether the server requires an account, and there are no credentials."""
    return ACCOUNT_REQUIRED in network.caps.offered and not has_credentials(network) and not server_password(network)


def private(network: ClientNetwork) -> bool:
    """Whether the connection to this server can't be eavesdropped."""
    return network.address.tls or network.address.is_local


def start(network: ClientNetwork, code: str = "") -> bool:
    """Begin a login by SASL; return False without a common mechanism.

    code: of an authenticator app, which only works with PLAIN.
    """
    offered = [word.upper() for word in network.caps.offered.get(SASL, "").split(",") if word]
    usable = []
    if not code and network.login.certificate and network.address.tls and not bouncer.is_between(network):
        usable.append("EXTERNAL")
    if _credentials(network):
        usable += [] if code else ["SCRAM-SHA-256"]
        usable += ["PLAIN"] if private(network) else []
    usable = [each for each in usable if not offered or each in offered]
    if not usable:
        return False
    network.send("AUTHENTICATE", network.login.begin_attempt(usable, code))
    return True


def answer(network: ClientNetwork, chunk: str) -> str:
    """Answer the server's next message of the SASL exchange; return why it can't continue, "" while it does."""
    attempt = network.login.attempt
    if attempt is None:
        return ""
    from greenchat.protocol.sasl import Collector, SaslError, chunks  # late: hashlib takes 3 MB, and is rarely needed
    from greenchat.protocol.scram import ScramError

    attempt.collector = attempt.collector or Collector()
    try:
        challenge = attempt.collector.feed(chunk)
        if challenge is None:
            return ""
        response = _response(network, attempt, challenge.decode(errors="replace"))
    except (SaslError, ScramError) as error:
        network.login.end_attempt()
        network.send("AUTHENTICATE", "*")
        return str(error)
    attempt.step += 1
    for piece in chunks(response):
        network.send("AUTHENTICATE", piece)
    return ""


def refused(network: ClientNetwork) -> bool:
    """Note a refusal, and return whether another mechanism is tried: the server did not know the one before."""
    attempt = network.login.attempt
    if attempt is None:
        return False
    if attempt.step == 0 and attempt.others:
        network.send("AUTHENTICATE", network.login.begin_attempt(attempt.others))
        return True
    network.login.end_attempt()
    return False


def _response(network: ClientNetwork, attempt: Attempt, challenge: str) -> bytes:
    credentials = _credentials(network)
    if attempt.mechanism == "EXTERNAL" or credentials is None:
        return b""
    from greenchat.protocol.sasl import format_plain
    from greenchat.protocol.scram import ClientExchange

    if attempt.mechanism == "PLAIN":
        password = f"{credentials.password} {attempt.code}" if attempt.code else credentials.password
        return format_plain(credentials.account, password)
    if attempt.exchange is None:
        attempt.exchange = ClientExchange(credentials.account, credentials.password, os.urandom(18).hex())
        return attempt.exchange.first().encode()
    if attempt.step == 1:
        return attempt.exchange.final(challenge).encode()
    attempt.exchange.check(challenge)
    return b""


def log_in(network: ClientNetwork, credentials: Credentials) -> str:
    """Log in now; return why that is impossible, or ""."""
    _take(network, credentials, keep=network.login.keep or credentials != network.login.credentials)
    if network.link.state is not LinkState.ONLINE:
        return ""
    if network.caps.held & caps.SASL != 0:
        return "" if start(network) else "Not logged in: without TLS the password could be read. Connect with TLS."
    if SASL in network.caps.offered:
        network.send("CAP", "REQ", SASL)
        return ""
    if not private(network):
        return "Not logged in: without TLS the password could be read. Connect with TLS."
    network.send("PRIVMSG", SERVICE, f"IDENTIFY {credentials.account} {credentials.password}")
    return ""


def ask_password(model: Model, network: ClientNetwork, account: str) -> None:
    """Ask for the password of an account, hidden, and log in with it."""

    def take(password: str, now: int) -> None:
        network.login.password_typed = network.link.state is LinkState.ONLINE and not bouncer.is_between(network)
        problem = log_in(network, Credentials(account, password))
        if problem:
            model.complain(network, problem, now)

    model.questions.append(Prompt(f"Password of {account}", take, hidden=True, scope=network))


def ask_code(model: Model, network: ClientNetwork, reason: str, now: int) -> None:
    """Ask for the code of an authenticator app, since the password alone does not log in, and log in with both.

    reason: in the server's words.
    """
    is_asked = bool(network.login.code_wanted)
    network.login.require_code(reason)
    credentials = _credentials(network)
    model.complain(network, reason, now)
    if credentials is None or is_asked:
        return

    def take(code: str, now: int) -> None:
        network.login.code_wanted = ""
        if network.link.state is not LinkState.ONLINE:
            model.complain(network, "The connection was lost. greenchat asks for the code again once it is back.", now)
        elif not start(network, code.strip()):
            model.complain(network, "Without TLS the code could be read. Connect with TLS (ircs://).", now)

    model.questions.append(Prompt(f"The code for {credentials.account}", take, scope=network))


def account_required(model: Model, network: ClientNetwork, now: int, *, refused: bool = False) -> None:
    """Ask for the account's password, which the server requires, and reconnect with it.

    refused: whether a wrong one was given.
    """
    account = account_of(network)

    def take(password: str) -> None:
        network.login.use(Credentials(account, password), keep=True)

    cause = f"did not accept the password of {account}" if refused else "requires an account"
    model.complain(network, f"{network.name} {cause}.", now)
    _connect_with(model, network, f"Password of {account} on {network.name}", take)


def password_required(model: Model, network: ClientNetwork, now: int) -> None:
    """Ask for the connection password, or a bouncer's, and reconnect with it."""
    credentials, password = network.login.forget_passwords()
    if (network.saved and network.saved.login == "pass") or ACCOUNT_REQUIRED in network.caps.offered:
        account_required(model, network, now, refused=credentials is not None)
        return

    cause = "did not accept the password" if password else "requires a password"
    model.complain(network, f"{network.name} {cause}.", now)
    _connect_with(model, network, f"Password of {network.name}", network.login.use_server_password)


def connect_with_password(model: Model, network: ClientNetwork, password: str) -> None:
    """Connect, or reconnect, with the password that the server requires of everybody."""
    network.login.use_server_password(password)
    _connect_again(model, network)


def _connect_with(model: Model, network: ClientNetwork, text: str, take: Callable[[str], None]) -> None:
    """Ask for a password, hidden, and reconnect with it: without it the server would refuse again."""
    network.link.leave()

    def connect(password: str, _now: int) -> None:
        take(password)
        _connect_again(model, network)

    model.questions.append(Prompt(text, connect, hidden=True, scope=network))


def _connect_again(model: Model, network: ClientNetwork) -> None:
    network.link.allow_reconnect()
    network.link.forget_failures()
    offline = network.link.state is LinkState.OFFLINE
    network.login.reconnecting = not offline
    model.effects.append(Connect(network) if offline else Reconnect(network, "to log in"))


def ask_new_password(model: Model, network: ClientNetwork, account: str, email: str) -> None:
    """Ask for a new account's password twice, repeatedly if they differ, and register the account."""

    def again(first: str, _now: int) -> Prompt:
        def take(second: str, now: int) -> Prompt | None:
            if first != second:
                model.complain(network, "The passwords differ.", now)
                return ask
            if private(network):
                _register(network, Credentials(account, first), email)
            else:
                words = "Without TLS your password could be read. Connect with TLS (ircs://) to register."
                model.complain(network, words, now)
            return None

        return Prompt("Repeat the password", take, hidden=True)

    ask = Prompt(f"Choose a password for {account}", again, hidden=True, scope=network)
    model.questions.append(ask)


def password_refused(model: Model, network: ClientNetwork) -> None:
    """Ask for another password, if the server refuses the one with which an account was to be registered."""
    credentials = _credentials(network)
    if network.login.registering and credentials:
        forget(network)
        ask_new_password(model, network, credentials.account, network.login.email)


def forget(network: ClientNetwork) -> Credentials | None:
    """Forget the credentials of the present connection, and return them."""
    credentials = _credentials(network)
    network.login.registering = False
    _take(network, None, keep=False)
    return credentials


def _register(network: ClientNetwork, credentials: Credentials, email: str) -> None:
    _take(network, credentials, keep=True)
    network.login.begin_registration(email)
    if REGISTRATION in network.caps.offered:
        network.send("REGISTER", credentials.account, email or "*", credentials.password)
    else:
        network.send("PRIVMSG", SERVICE, f"REGISTER {credentials.password}{' ' * bool(email)}{email}")


def logged_in(model: Model, network: ClientNetwork, account: str) -> None:
    """Offer to save a login that has succeeded, take the nickname, and join channels that need the account."""
    network.login.succeed(account)
    _offer_to_keep(model, network, f"You are logged in as {account}. Log in next time?", network.login.credentials)
    if network.link.state is LinkState.ONLINE:
        if not network.is_me(network.nicks.wanted):
            network.send("NICK", network.nicks.wanted)
        joining.rejoin(network)


def _offer_to_keep(model: Model, network: ClientNetwork, text: str, credentials: Credentials | None) -> None:
    if network.login.keep and credentials:
        network.login.keep = False
        keep = Answer(
            "yes", "automatically from now on", lambda _now: model.effects.append(SaveCredentials(network, credentials))
        )
        no = Answer("no", "ask for the password each time", nothing)
        model.questions.append(Question(text, (keep, no), scope=network))


def after_welcome(model: Model, network: ClientNetwork, now: int) -> None:
    """Log in after the welcome if that is still to be done; ask once what to do if the nickname was in use."""
    refused = network.nicks.take_refused()
    if network.login.account:
        if not network.is_me(network.nicks.wanted):
            network.send("NICK", network.nicks.wanted)
    elif network.login.server_password and private(network):
        password = Credentials(SERVER, network.login.server_password)
        _offer_to_keep(model, network, f"{network.name} accepted the password. Use it next time?", password)
    elif server_password(network):
        text = f"You are logged in as {account_of(network)}. Log in next time?"
        _offer_to_keep(model, network, text, network.login.credentials)
    elif network.login.code_wanted:
        pass  # the code is already asked for
    elif network.login.credentials and network.login.attempt is None and not bouncer.is_between(network):
        problem = log_in(network, network.login.credentials)
        if problem:
            model.complain(network, problem, now)
    elif refused and not network.link.missed_since:
        _ask_about_nick(model, network, *refused, now)


def _ask_about_nick(model: Model, network: ClientNetwork, nick: str, reason: str, now: int) -> None:
    def another(_now: int) -> None:
        def take(name: str, _now: int) -> None:
            network.request_nick(name.split()[0])

        model.questions.append(Prompt("New nickname", take, scope=network))

    cause, last = "is in use", Answer("wait", f"be {network.nicks.current} until it is free", nothing)
    if "account" in reason or "registered" in reason:
        cause = "belongs to an account"
    elif "kept for" in reason or "reserved" in reason:  # the same numeric, but this name will never be free
        cause, last = (
            f"can't be used here ({reason.rstrip('.')})",
            Answer("keep", f"be {network.nicks.current}", nothing),
        )
    answers = (
        Answer("login", "it is my account", lambda _now: ask_password(model, network, nick)),
        Answer("other", "another name", another),
        last,
    )
    model.ask(network, Question(f"The name {nick} {cause}.", answers), now)
