"""Who is in a channel and what it is about: JOIN, PART, KICK, QUIT, NICK, MODE, TOPIC, NAMES and the like."""

from greenchat.client.handlers.numeric_texts import reason
from greenchat.client.handlers.registry import Incoming, on
from greenchat.client.irc import chathistory, nick_recovery, notify_list, sending
from greenchat.client.state.lines import CAME, WENT, Kind, Member
from greenchat.client.state.model import Buffer, BufferKind, Network
from greenchat.client.text.times import date_and_time
from greenchat.protocol.message import split_source
from greenchat.protocol.numerics import Numeric


@on("JOIN")
def join(at: Incoming) -> None:
    """Somebody comes in, maybe we."""
    network = at.network
    channel = at.param(0)
    nick, user, host = split_source(at.message.source or "")
    if at.mine:
        buffer = at.model.open(network, channel)
        buffer.joined = True
        buffer.members.clear()
        if user and host:
            network.mask = f"{user}@{host}"
        if network.fold(channel) not in {network.fold(name) for name in network.channels}:
            network.want(channel)
        folded = network.fold(channel)
        if folded in {network.fold(name) for name in network.show_on_join}:
            network.show_on_join = {name for name in network.show_on_join if network.fold(name) != folded}
            at.model.show(buffer)
    else:
        found = network.find(channel)
        if found is None:
            return
        buffer = found
    member = Member(nick, user=user, host=host)
    if len(at.message.params) > 2:  # extended-join: account and realname
        member.account = "" if at.param(1) == "*" else at.param(1)
        member.realname = at.param(2)
    buffer.members[network.fold(nick)] = member
    at.moved(buffer, nick, CAME, "You joined" if at.mine else f"{nick} joined")


@on("PART")
def part(at: Incoming) -> None:
    """Somebody leaves a channel."""
    buffer = at.network.find(at.param(0))
    if buffer is None:
        return
    why = reason(at.param(1))
    if at.mine:
        _gone_from(buffer)
        at.network.unwant(buffer.name)
        at.note(buffer, f"You left{why}", nick=at.nick)
    else:
        buffer.members.pop(at.network.fold(at.nick), None)
        at.moved(buffer, at.nick, WENT, f"{at.nick} left{why}")


@on("KICK")
def kick(at: Incoming) -> None:
    """Somebody is thrown out."""
    buffer = at.network.find(at.param(0))
    if buffer is None:
        return
    who = at.param(1)
    why = reason(at.param(2))
    if at.network.is_me(who):
        _gone_from(buffer)
        at.network.unwant(buffer.name)
        at.note(buffer, f"{at.nick} kicked you{why}. /join {buffer.name} to come back.", Kind.ERROR)
    else:
        buffer.members.pop(at.network.fold(who), None)
        at.note(buffer, f"{at.nick} kicked {who}{why}", nick=who)


@on("QUIT")
def quit_(at: Incoming) -> None:
    """Somebody leaves the network: told in every channel and private talk where they are known."""
    split = " (the network split)" if at.batch == "netsplit" else reason(at.param(0))
    for buffer in _where_known(at.network, at.nick):
        if buffer.members.pop(at.network.fold(at.nick), None) or buffer.kind is BufferKind.PRIVATE:
            at.moved(buffer, at.nick, WENT, f"{at.nick} quit{split}")
    nick_recovery.free(at.network, at.nick)


@on("NICK")
def nick(at: Incoming) -> None:
    """Somebody is called otherwise from now on."""
    network = at.network
    old, new = at.nick, at.param(0)
    mine = at.mine
    known = _where_known(network, old)
    if mine:
        nick_recovery.renamed(network, new)
        at.note(network.status, f"You are now called {new}")
        current = at.model.current
        if current.network is network and current not in (network.status, *known):
            at.answer(f"You are now called {new}")
    for buffer in known:
        member = buffer.members.pop(network.fold(old), None)
        if member:
            member.nick = new
            buffer.members[network.fold(new)] = member
        at.note(buffer, f"You are now called {new}" if mine else f"{old} is now called {new}", nick=new)
    talk_with = network.find(old)
    if talk_with and talk_with.kind is BufferKind.PRIVATE and not network.find(new):
        network.buffers[network.fold(new)] = network.buffers.pop(network.fold(old))
        talk_with.name = new
    if not mine:
        nick_recovery.free(network, old)


@on("TOPIC")
def topic(at: Incoming) -> None:
    """The topic changes."""
    buffer = at.network.find(at.param(0))
    if buffer is None:
        return
    text = at.param(1)
    buffer.topic = text
    at.note(buffer, f"{at.nick} set the topic: {text}" if text else f"{at.nick} removed the topic", nick=at.nick)


@on(Numeric.RPL_TOPIC)
def topic_is(at: Incoming) -> None:
    """The topic, on joining or asked for."""
    buffer = at.network.find(at.param(1))
    if buffer:
        buffer.topic = at.param(2)
        at.note(buffer, f"Topic: {at.param(2)}", Kind.INFO)


@on(Numeric.RPL_NOTOPIC)
def no_topic(at: Incoming) -> None:
    """There is none."""
    buffer = at.network.find(at.param(1))
    if buffer:
        buffer.topic = ""
        at.note(buffer, "No topic is set", Kind.INFO)


@on(Numeric.RPL_TOPICWHOTIME)
def topic_by(at: Incoming) -> None:
    """Who set the topic, and when."""
    buffer = at.network.find(at.param(1))
    when = date_and_time(at.param(3))
    if buffer and when:
        at.note(buffer, f"set by {split_source(at.param(2))[0]} on {when}", Kind.INFO)


@on(Numeric.RPL_NAMREPLY)
def names(at: Incoming) -> None:
    """Some of those who are in a channel. They count once the list has ended."""
    network = at.network
    buffer = network.find(at.param(2))
    if buffer is None:
        at.answer(f"{at.param(2)}: {at.param(3)}")
        return
    if buffer.names_arriving is None:
        buffer.names_arriving = {}
    for word in at.param(3).split():
        prefixes, mask = network.isupport.split_prefixes(word)
        nick, user, host = split_source(mask)
        known = buffer.members.get(network.fold(nick)) or Member(nick)
        known.prefixes = prefixes
        known.user, known.host = user or known.user, host or known.host
        buffer.names_arriving[network.fold(nick)] = known


@on(Numeric.RPL_ENDOFNAMES)
def names_end(at: Incoming) -> None:
    """The list is whole; now we can speak here."""
    buffer = at.network.find(at.param(1))
    if buffer is None or not buffer.joined:
        return
    if buffer.names_arriving is not None:
        buffer.members = buffer.names_arriving
        buffer.names_arriving = None
    # What may have arrived before a connection broke is looked for in the history first, and sent when that has come.
    asked = chathistory.ask_latest(buffer)
    if not (asked and any(waiting.maybe for waiting in buffer.waiting)):
        sending.flush(at.model, buffer, at.time)


@on("MODE")
def mode(at: Incoming) -> None:
    """Modes of a channel, its members, or ourselves change."""
    network = at.network
    target = at.param(0)
    buffer = network.find(target)
    changes = " ".join(at.message.params[1:])
    if network.is_me(target) and changes in ("+r", "-r"):
        at.note(network.status, f"Mode of {target}: {changes}")  # logging in and out is told in words
        return
    if buffer is None or buffer.kind is not BufferKind.CHANNEL:
        at.note_or_answer(f"Mode of {target}: {changes}")
        return
    _change_members(buffer, at.message.params[1:])
    at.note(buffer, f"{at.nick} set mode {changes}", nick=at.nick)


@on(Numeric.RPL_CHANNELMODEIS)
def modes_are(at: Incoming) -> None:
    """The channel's modes, asked for."""
    buffer = at.network.find(at.param(1))
    modes = " ".join(at.message.params[2:])
    if buffer:
        buffer.modes = modes
        at.note(buffer, f"Mode: {modes}", Kind.INFO)


@on(Numeric.RPL_CREATIONTIME)
def created(at: Incoming) -> None:
    """When the channel was made."""
    buffer = at.network.find(at.param(1))
    when = date_and_time(at.param(2))
    if buffer and when:
        at.note(buffer, f"Created on {when}", Kind.INFO)


@on("RENAME")
def rename(at: Incoming) -> None:
    """A channel is called otherwise: https://ircv3.net/specs/extensions/channel-rename"""
    network = at.network
    buffer = network.find(at.param(0))
    new = at.param(1)
    if buffer is None or not new or network.find(new) not in (None, buffer):
        return
    del network.buffers[network.fold(buffer.name)]
    key = network.channels.get(buffer.name, "")
    network.unwant(buffer.name)
    at.note(buffer, f"{at.nick} renamed {buffer.name} to {new}{reason(at.param(2))}", nick=at.nick)
    buffer.name = new
    network.buffers[network.fold(new)] = buffer
    network.want(new, key)


@on("AWAY")
def away(at: Incoming) -> None:
    """away-notify: somebody in a channel goes away or comes back."""
    for _, member in at.network.with_member(at.nick):
        member.away = bool(at.message.params)
    notify_list.away(at.model, at.network, at.nick, at.param(0) if at.message.params else None, at.time)


@on("ACCOUNT")
def account(at: Incoming) -> None:
    """account-notify: somebody logs in or out."""
    for _, member in at.network.with_member(at.nick):
        member.account = "" if at.param(0) == "*" else at.param(0)


@on("CHGHOST")
def chghost(at: Incoming) -> None:
    """Somebody's user and host change."""
    if at.mine:
        at.network.mask = f"{at.param(0)}@{at.param(1)}"
    for _, member in at.network.with_member(at.nick):
        member.user, member.host = at.param(0), at.param(1)


@on("SETNAME")
def setname(at: Incoming) -> None:
    """Somebody's real name changes."""
    for _, member in at.network.with_member(at.nick):
        member.realname = at.param(0)


def _gone_from(buffer: Buffer) -> None:
    buffer.joined = False
    buffer.members.clear()
    buffer.names_arriving = None


def _where_known(network: Network, nick: str) -> list[Buffer]:
    known = [buffer for buffer, _ in network.with_member(nick)]
    talk_with = network.find(nick)
    if talk_with and talk_with.kind is BufferKind.PRIVATE:
        known.append(talk_with)
    return known


def _change_members(buffer: Buffer, params: tuple[str, ...]) -> None:
    isupport = buffer.network.isupport
    arguments = list(params[1:])
    add = True
    for letter in params[0] if params else "":
        if letter in "+-":
            add = letter == "+"
            continue
        argument = arguments.pop(0) if arguments and isupport.takes_parameter(letter, add=add) else ""
        member = buffer.member(argument) if letter in isupport.modes else None
        if member:
            member.prefixes = isupport.with_mode(member.prefixes, letter, add=add)
