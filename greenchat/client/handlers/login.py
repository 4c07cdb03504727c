"""Lines about accounts: SASL, registration, and refusals for users without an account.

https://ircv3.net/specs/extensions/sasl-3.1#numerics-used-by-this-extension
"""

from greenchat.client.handlers.numeric_texts import in_words
from greenchat.client.handlers.registration import end_negotiation
from greenchat.client.handlers.registry import Incoming, on
from greenchat.client.irc import joining, login
from greenchat.client.state.effects import UseToken
from greenchat.client.state.lines import LineKind
from greenchat.client.state.model import LinkState
from greenchat.client.state.questions import Answer, Prompt, Question, nothing
from greenchat.protocol.numerics import Numeric


@on("AUTHENTICATE")
def authenticate(incoming: Incoming) -> None:
    """Answer the server's part of the SASL exchange."""
    problem = login.answer(incoming.network, incoming.param(0))
    if problem:
        incoming.answer(f"Not logged in: {problem}", LineKind.ERROR)


@on(Numeric.RPL_LOGGEDIN)
def logged_in(incoming: Incoming) -> None:
    """`<nick> <nick>!<user>@<host> <account> :You are now logged in as <user>`"""
    if incoming.network.login.announced != incoming.param(2):
        incoming.network.login.announced = incoming.param(2)
        incoming.answer(f"You are logged in as {incoming.param(2)}.")
    login.logged_in(incoming.model, incoming.network, incoming.param(2))


@on(Numeric.RPL_LOGGEDOUT)
def logged_out(incoming: Incoming) -> None:
    """Note that the user is logged out."""
    incoming.network.login.log_out()
    incoming.answer("You are logged out.")


@on(Numeric.RPL_SASLSUCCESS, Numeric.ERR_SASLALREADY)
def success(incoming: Incoming) -> None:
    """End the successful SASL exchange."""
    incoming.network.login.end_attempt()
    end_negotiation(incoming.network)


@on(Numeric.ERR_SASLFAIL, Numeric.ERR_SASLTOOLONG, "902")
def failure(incoming: Incoming) -> None:
    """Try the next mechanism after a failed SASL exchange, or tell the user."""
    network = incoming.network
    under_way = network.login.attempt is not None
    if network.login.code_wanted and not under_way:  # the password was right
        end_negotiation(network)
        return
    if login.refused(network):
        return
    credentials = login.forget(network)
    network.login.password_typed = False
    if under_way and credentials:
        text = f"The server did not accept the password of {credentials.account} ({incoming.param(-1)})."
        if login.lacks_account(network):
            login.account_required(incoming.model, network, incoming.time, refused=True)
            return
        if network.link.state is LinkState.ONLINE:
            # After a mistyped password users retype it at once, so the next input must be hidden, too.
            incoming.model.complain(network, text, incoming.time)
            login.ask_password(incoming.model, network, credentials.account)
            return
        again = Answer(
            "retry", "type it again", lambda _: login.ask_password(incoming.model, network, credentials.account)
        )
        incoming.model.ask(
            network, Question(text, (again, Answer("leave", "continue without an account", nothing))), incoming.time
        )
    end_negotiation(network)


@on(Numeric.ERR_PASSWDMISMATCH)
def wrong_password(incoming: Incoming) -> None:
    """`:Password incorrect`: of OPER, or during registration of PASS."""
    network = incoming.network
    if network.link.state is LinkState.REGISTERING and network.link.leaving:
        return  # the password is already asked for
    if network.link.state is not LinkState.REGISTERING:
        incoming.answer(in_words(incoming.message.command, incoming.message.params), LineKind.ERROR)
        return
    login.password_required(incoming.model, network, incoming.time)


@on(Numeric.ERR_SASLABORTED, Numeric.RPL_SASLMECHS)
def sasl_progress(incoming: Incoming) -> None:
    """Show nothing: another numeric follows. After an aborted exchange the registration continues."""
    if incoming.message.command == Numeric.ERR_SASLABORTED.command:
        incoming.network.login.end_attempt()
        end_negotiation(incoming.network)


@on("REGISTER", "VERIFY")
def registered(incoming: Incoming) -> None:
    """`REGISTER <result> <account> <message>`: https://ircv3.net/specs/extensions/account-registration"""
    if incoming.param(0) == "SUCCESS":
        incoming.answer(f"The account {incoming.param(1)} is yours now.")
    elif incoming.param(0) == "VERIFICATION_REQUIRED":
        incoming.answer(
            f"{incoming.param(1)} must be confirmed: {incoming.param(-1)}. Then use /verify {incoming.param(1)} CODE"
        )


@on(Numeric.ERR_NEEDREGGEDNICK)
def only_registered(incoming: Incoming) -> None:
    """`<channel> :Cannot join channel (+R)`, or `<nick>` for a private conversation."""
    network, name = incoming.network, incoming.param(1)
    joining.refused(incoming.model, network, name)
    account = network.nicks.wanted
    answers = (
        Answer(
            "login", f"as {account}, with its password", lambda _: login.ask_password(incoming.model, network, account)
        ),
        Answer(
            "register", f"{account} as yours", lambda _: login.ask_new_password(incoming.model, network, account, "")
        ),
        Answer("leave", "don't join", lambda _: network.unwant(name)),
    )
    who = (
        "requires an account"
        if network.isupport.is_channel(name)
        else "accepts messages only from people with an account"
    )
    incoming.model.ask(network, Question(f"{name} {who}.", answers), incoming.time)


@on(Numeric.ERR_BADCHANNELKEY)
def wants_key(incoming: Incoming) -> None:
    """`<channel> :Cannot join channel (+k)`"""
    network, name = incoming.network, incoming.param(1)
    if not network.isupport.is_channel(name):
        return
    joining.refused(incoming.model, network, name)

    def take(key: str, _now: int) -> None:
        network.ask_for(name, key)
        network.send("JOIN", name, key)

    incoming.answer(f"{name} requires a key.", LineKind.ERROR)
    login_network = network.find(name) or network
    incoming.model.questions.append(Prompt(f"The key of {name}", take, scope=login_network))


@on("FILEHOST")
def token(incoming: Incoming) -> None:
    """`FILEHOST TOKEN <token>`: for the upload that waits for it."""
    if incoming.param(0).upper() == "TOKEN" and incoming.param(1):
        incoming.model.effects.append(UseToken(incoming.network, incoming.param(1)))
