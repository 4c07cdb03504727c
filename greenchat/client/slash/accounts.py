"""Commands about accounts: registering, logging in and out. Passwords are prompted for, never part of a line."""

from greenchat.client.irc import bouncer, login
from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.state.credentials import SERVER
from greenchat.client.state.effects import ForgetCredentials


@command("register", usage="[email]", example="/register ada@example.org")
def register(order: Order) -> None:
    """Register your nickname: creates an account and asks for a password."""
    network = order.online()
    needs_email = "email-required" in network.caps.offered.get(login.REGISTRATION, "").split(",")
    if needs_email and not order.words:
        raise SlashError("This server wants an email address: /register you@example.org")
    login.ask_new_password(order.model, network, network.nicks.current, order.words[0] if order.words else "")


@command("verify", usage="[account] code", least=1, example="/verify 1a2b3c")
def verify(order: Order) -> None:
    """Confirm a new account with its code."""
    account, code = order.words[:2] if len(order.words) > 1 else (order.network.nicks.current, order.words[0])
    order.online().send("VERIFY", account, code)


@command("login", "identify", usage="[account]", example="/login ada")
def log_in(order: Order) -> None:
    """Log in to your account; asks for the password."""
    if len(order.words) > 1:
        raise SlashError("Leave the password out: greenchat asks for it and hides it. /login [account]")
    login.ask_password(order.model, order.network, order.words[0] if order.words else order.network.nicks.wanted)


@command("logout", example="/logout")
def log_out(order: Order) -> None:
    """Log out, and remove the saved password."""
    network = order.network
    if bouncer.is_between(network):
        network.send("PRIVMSG", login.SERVICE, "LOGOUT")
        order.tell(
            "Logged out of the network behind the bouncer. Your password for the bouncer is kept; /disconnect leaves "
            "the bouncer."
        )
        return
    account = network.login.credentials.account if network.login.credentials else network.login.account
    network.login.forget_passwords()
    order.model.effects.append(
        ForgetCredentials(network, (network.nicks.wanted, *([account] if account else []), SERVER))
    )
    if network.login.account:
        order.online().send("PRIVMSG", login.SERVICE, "LOGOUT")
    order.tell("Your password for this server was removed.")
