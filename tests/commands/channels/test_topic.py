"""TOPIC. https://modern.ircdocs.horse/#topic-message"""

from time import time

from greenchat.config.settings import Limits, Settings
from tests.conftest import Serve, Target
from tests.irc import Client, people


def test_a_new_topic_is_sent_to_all_members(server: Target) -> None:
    """ "every client in that channel (including the author of the topic change) will receive a TOPIC command with the
    new topic as argument (or an empty argument if the topic was cleared)" """
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        alice.run("TOPIC #a :New topic", "TOPIC #a :")
        received = [(message.nick, message.params) for message in bob.sync()]
        assert received == [("alice", ("#a", "New topic")), ("alice", ("#a", ""))]
        assert [message.params for message in alice.run("TOPIC #a :x")] == [("#a", "x")]


def test_topic_is_shown(server: Target) -> None:
    """ "If <topic> is not given, either RPL_TOPIC or RPL_NOTOPIC is returned", "If RPL_TOPIC is returned to the client
    sending this command, RPL_TOPICWHOTIME SHOULD also be sent" """
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        assert [(m.command, m.params[1]) for m in bob.run("TOPIC #a")] == [("331", "#a")]
        alice.run("TOPIC #a :New topic")
        bob.sync()
        topic, who = bob.run("TOPIC #A")
        assert (topic.command, topic.params) == ("332", ("bob", "#a", "New topic"))
        assert (who.command, who.params[:3]) == ("333", ("bob", "#a", "alice!~alice@127.0.0.1"))
        assert abs(int(who.params[3]) - time()) < 60  # "<setat> is a unix timestamp"
        alice.run("TOPIC #a :")
        bob.sync()
        assert bob.commands("TOPIC #a") == ["331"]


def test_protected(server: Target) -> None:
    """ "If a client does not have appropriate channel permissions and tries to change the topic, the
    ERR_CHANOPRIVSNEEDED numeric is returned and the command will fail." """
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        assert [(m.command, m.params[1]) for m in bob.run("TOPIC #a :mine")] == [("482", "#a")]
        assert alice.sync() == []
        alice.run("MODE #a +h bob")
        bob.sync()
        assert bob.commands("TOPIC #a :halfop") == ["TOPIC"]
        alice.run("MODE #a -ht bob")
        bob.sync()
        assert bob.commands("TOPIC #a :anyone") == ["TOPIC"]  # "In a channel that does not have this mode ... anyone"


def test_from_a_non_member(server: Target) -> None:
    """ "If the client sending this command is not joined to the given channel, and tries to view its' topic, the server
    MAY return the ERR_NOTONCHANNEL numeric": we don't; for secret channels see test_secret.py."""
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("JOIN #a", "TOPIC #a :x", "MODE #a -t")
        assert bob.commands("TOPIC #a") == ["332", "333"]
        assert bob.commands("TOPIC #a :y") == ["442"]
        assert bob.commands("TOPIC #nowhere") == ["403"]
        assert bob.commands("TOPIC") == ["461"]


def test_the_longest(serve: Serve) -> None:
    """TOPICLEN: "If a TOPIC <text> has more characters than this parameter, it may be silently truncated by the
    server"."""
    with Client(serve(Settings(limits=Limits(topic=20))), "alice") as alice:
        alice.join("#a")
        assert alice.run("TOPIC #a :" + "\U0001f409" * 30)[0].params[1] == "\U0001f409" * 20


def test_a_topic_that_does_not_fit_into_a_line_is_refused(server: Target) -> None:
    """ "messages ... MUST NOT exceed 512 bytes": a topic that would not reach everyone whole is refused, even
    where only the answer to a user with a long nick would be too long.
    """
    with Client(server, "alice") as alice, Client(server, "н" * 32) as reader:
        name = "#" + "a" * 63
        alice.join(name)
        assert alice.commands(f"TOPIC {name} :" + "\u00e9" * 210) == ["417"]
        assert alice.commands(f"TOPIC {name} :" + "\u00e9" * 200) == ["417"]
        longest = "\u00e9" * 175
        assert alice.run(f"TOPIC {name} :{longest}")[0].params[-1] == longest
        reader.send(f"TOPIC {name}", "LIST")
        assert reader.expect("332").params[-1] == longest
        assert reader.expect("322").params[-1] == longest
