"""Network: both sides of a membership agree whatever happens, and so do the cached lines for NAMES."""

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from greenchat.chat import names_cache, ranks
from greenchat.chat.channel import Channel
from greenchat.chat.network import Network
from greenchat.chat.outbox import Dirty, Outbox
from greenchat.chat.user import Session, User
from greenchat.config.settings import Settings
from greenchat.protocol.caps import MULTI_PREFIX, USERHOST_IN_NAMES

NAMES = ["#a", "#b", "#C"]
VARIANTS = [0, MULTI_PREFIX, USERHOST_IN_NAMES, MULTI_PREFIX | USERHOST_IN_NAMES]


class Chat(RuleBasedStateMachine):
    """Users join, part, and change, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.network = Network(Settings(), now=0)
        self.count = 0
        for name in "#a", "#b":
            for _ in range(2):
                self.come()
            for user in self.network.users.values():
                self.join_channel(user, name)

    def some_user(self, data: st.DataObject) -> User:
        return data.draw(st.sampled_from(list(self.network.users.values())))

    def some_channel(self, data: st.DataObject) -> Channel:
        if not self.network.channels:
            self.join_channel(self.some_user(data), "#c")
        return data.draw(st.sampled_from(list(self.network.channels.values())))

    def join_channel(self, user: User, name: str) -> None:
        """Cache the lines of small channels, too: the test has no time for a thousand members."""
        channel = self.network.join(user, name, now=0)
        for variant in VARIANTS:
            channel.names[variant] = names_cache.lines(self.network.settings, channel, variant)

    def come(self) -> None:
        self.count += 1
        nick = f"user{self.count}"
        session = Session(Outbox(Dirty()), "127.0.0.1", 0)
        self.network.connect(session)
        user = User(nick, "~" + nick, "127.0.0.1", nick, "127.0.0.1", signon=0, active=0)
        self.network.register(user, session)

    @rule()
    def add_user(self) -> None:
        self.come()

    @rule(data=st.data(), name=st.sampled_from(NAMES))
    def join(self, data: st.DataObject, name: str) -> None:
        user = self.some_user(data)
        if self.network.fold(name) not in user.channels:
            self.join_channel(user, name)

    @rule(data=st.data(), letter=st.sampled_from(ranks.LETTERS), on=st.booleans())
    def set_mode(self, data: st.DataObject, letter: str, on: bool) -> None:
        channel = self.some_channel(data)
        member = data.draw(st.sampled_from(list(channel.members)))
        self.network.set_member_mode(member, channel, letter, on)

    @rule(data=st.data())
    def part(self, data: st.DataObject) -> None:
        channel = self.some_channel(data)
        self.network.part(data.draw(st.sampled_from(list(channel.members))), channel)

    @rule(data=st.data())
    def invite(self, data: st.DataObject) -> None:
        channel = self.some_channel(data)
        user = self.some_user(data)
        if user not in channel.members:
            self.network.invite(user, channel)

    @rule(data=st.data(), name=st.sampled_from([*NAMES, "#A", "#new"]))
    def rename_channel(self, data: st.DataObject, name: str) -> None:
        channel = self.some_channel(data)
        if self.network.channel(name) in (None, channel):
            self.network.rename_channel(channel, name)

    @rule(data=st.data())
    def rename(self, data: st.DataObject) -> None:
        self.count += 1
        self.network.rename(self.some_user(data), f"other{self.count}{'x' * 20}", now=0, msgid=self.count)

    @rule(data=st.data(), host=st.sampled_from(["a.example.org", "b"]))
    def set_host(self, data: st.DataObject, host: str) -> None:
        self.network.set_host(self.some_user(data), "~u", host, msgid=self.count)

    @rule(data=st.data(), account=st.sampled_from(["", "alice", "Alice", "bob"]))
    def set_account(self, data: st.DataObject, account: str) -> None:
        self.network.set_account(self.some_user(data), account)

    @rule(data=st.data())
    def remove_user(self, data: st.DataObject) -> None:
        if len(self.network.users) > 1:
            self.network.remove(self.some_user(data), now=0)

    @invariant()
    def both_sides_agree(self) -> None:
        network = self.network
        for folded, channel in network.channels.items():
            assert folded == network.fold(channel.name)
            assert channel.members
            assert all(folded in member.channels for member in channel.members)
            assert all(folded in guest.invitations for guest in channel.invited)
            assert not channel.invited.keys() & channel.members.keys()
        for user in network.users.values():
            assert all(user in network.channels[folded].members for folded in user.channels)
            assert all(user in network.channels[folded].invited for folded in user.invitations)
        assert all(channel in network.channels.values() for channel in network.renamed.values())
        assert not network.renamed.keys() & network.channels.keys()

    @invariant()
    def accounts_know_their_users(self) -> None:
        network = self.network
        for account in "alice", "bob":
            here = {user for user in network.users.values() if network.fold(user.account) == account}
            assert set(network.users_of(account)) == here

    @invariant()
    def cached_lines_are_true(self) -> None:
        settings = self.network.settings
        for channel in self.network.channels.values():
            for variant, cached in channel.names.items():
                fresh = names_cache.lines_of(settings, channel, variant, channel.members)
                assert sorted(" ".join(cached.texts()).split()) == sorted(" ".join(fresh.texts()).split())
                assert b"".join(cached.wire()).decode() == "".join(text + "\r\n" for text in cached.texts())


TestChat = Chat.TestCase
TestChat.settings = hypothesis_settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_restored_users_count_for_the_maximum() -> None:
    network = Network(Settings(), now=0)
    network.restore_user(User("ada", "~ada", "127.0.0.1", "ada", "127.0.0.1", signon=0, active=0))
    assert network.counts.most_users == 1
