"""The parts of a network's state: what their methods change together."""

from greenchat.client.state.credentials import Credentials, Login
from greenchat.client.state.session_state import Capabilities, Link, LinkState, Nicknames, Presence, Reading
from greenchat.protocol import caps


def test_an_ack_enables_and_disables_capabilities() -> None:
    """ "If an ACK reply originating from the server has a dash (-) prefix before a capability, the client MUST disable
    it" """
    held = Capabilities(offered={"batch": "", "setname": ""}, asked=1)
    held.acknowledge(["batch", "setname"])
    held.answered()
    assert (held.held, held.asked) == (caps.BATCH | caps.SETNAME, 0)
    held.acknowledge(["-batch"])
    assert held.held == caps.SETNAME
    held.withdraw(["setname"])
    assert (held.held, held.offered) == (0, {"batch": ""})
    held.answered()
    assert held.asked == 0  # an ACK without a REQ


def test_a_welcome_ends_earlier_failures() -> None:
    link = Link(lost_at=1.0, retry_at=2.0, tries=3, offers_server=True)
    link.complete_registration()
    assert (link.state, link.lost_at, link.retry_at, link.tries, link.offers_server) == (
        LinkState.ONLINE,
        None,
        None,
        0,
        False,
    )


def test_a_user_who_leaves_is_not_reconnected() -> None:
    link = Link(retry_at=2.0)
    link.leave()
    assert (link.leaving, link.retry_at) == (True, None)
    link.begin_attempt()
    assert (link.leaving, link.state) == (False, LinkState.CONNECTING)


def test_the_first_refused_nick_is_told() -> None:
    nicks = Nicknames("ada", wanted="ada")
    nicks.refuse("ada", "in use", "ada_")
    nicks.refuse("ada_", "in use", "ada__")
    assert nicks.current == "ada__"
    assert nicks.take_refused() == ("ada", "in use")
    assert nicks.take_refused() is None


def test_a_login_ends_the_exchange() -> None:
    login = Login()
    login.use(Credentials("ada", "secret"), keep=True)
    assert login.begin_attempt(["SCRAM-SHA-256", "PLAIN"]) == "SCRAM-SHA-256"
    login.require_code("A code is needed")
    assert (login.attempt, login.code_wanted) == (None, "A code is needed")
    login.succeed("ada")
    assert (login.account, login.code_wanted) == ("ada", "")
    assert login.forget_passwords() == (Credentials("ada", "secret"), "")
    assert login.credentials is None


def test_the_read_markers_are_asked_for_once() -> None:
    reading = Reading()
    assert not reading.begin(may_look=False)
    assert reading.begin(may_look=True)
    reading.reset()
    assert not reading.begin(may_look=True)


def test_the_notify_list_forgets_whom_it_lacks() -> None:
    presence = Presence(monitored={"bob"}, present={"bob": True, "eve": False})
    presence.keep_only({"eve"})
    presence.monitor(added=["eve"], removed=["bob"])
    assert (presence.present, presence.monitored) == ({"eve": False}, {"eve"})
