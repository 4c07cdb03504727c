"""Members and properties of channels: JOIN, PART, KICK, QUIT, NICK, MODE, TOPIC, NAMES and the like."""

from greenchat.client.handlers.numeric_texts import reason
from greenchat.client.handlers.registry import Incoming, on
from greenchat.client.irc import bouncer, chathistory, joining, nick_recovery, notify_list, sending, typing
from greenchat.client.state.lines import CAME, WENT, LineKind, Member
from greenchat.client.state.model import Buffer, BufferKind, ClientNetwork
from greenchat.client.state.settings import matches
from greenchat.client.text.times import date_and_time
from greenchat.protocol import caps
from greenchat.protocol.message import split_source
from greenchat.protocol.numerics import Numeric


@on("JOIN")
def join(incoming: Incoming) -> None:
    """Show that somebody, maybe the user, has joined."""
    network = incoming.network
    channel = incoming.param(0)
    nick, user, host = split_source(incoming.message.source or "")
    if incoming.is_own:
        new = network.find(channel) is None
        buffer = incoming.model.open(network, channel)
        buffer.enter()
        if user and host:
            network.nicks.set_host(user, host)
        if channel not in network.channels:
            network.want(channel)
        if network.show_on_join.pop(channel, None) is not None and new:
            incoming.model.show(buffer)  # an open one was shown when the user asked for it, and perhaps left since
        buffer.has_quit = False
    else:
        existing = network.find(channel)
        if existing is None:
            return
        buffer = existing
    if incoming.is_own and network.caps.held & caps.NO_IMPLICIT_NAMES:
        network.lacking_names.append(buffer)
        if buffer is incoming.model.current:
            joining.ask_names(buffer)  # the others are asked about in turn
        _can_speak(incoming, buffer)
    member = Member(nick, user=user, host=host)
    if len(incoming.message.params) > 2:  # extended-join: account and realname
        member.account = "" if incoming.param(1) == "*" else incoming.param(1)
        member.realname = incoming.param(2)
    buffer.members[network.fold(nick)] = member
    talk = network.find(nick)
    if talk and talk.has_quit:
        talk.has_quit = False
        incoming.note(talk, f"{nick} is back", nick=nick)
    if incoming.is_own and network.fold(channel) in network.login.silent_rejoins:
        network.login.silent_rejoins.discard(network.fold(channel))
        return
    incoming.moved(buffer, nick, CAME, "You joined" if incoming.is_own else f"{nick} joined")


@on("PART")
def part(incoming: Incoming) -> None:
    """Show that somebody has left a channel."""
    buffer = incoming.network.find(incoming.param(0))
    if buffer is None:
        return
    reason_text = reason(incoming.param(1))
    if incoming.is_own:
        buffer.leave()
        incoming.network.unwant(buffer.name)
        incoming.about_me(buffer, f"You left{reason_text}", LineKind.EVENT)
    else:
        buffer.members.pop(incoming.network.fold(incoming.nick), None)
        typing.forget_user(buffer, incoming.nick)
        incoming.moved(buffer, incoming.nick, WENT, f"{incoming.nick} left{reason_text}")


@on("KICK")
def kick(incoming: Incoming) -> None:
    """Show that somebody was kicked."""
    buffer = incoming.network.find(incoming.param(0))
    if buffer is None:
        return
    who = incoming.param(1)
    reason_text = reason(incoming.param(2))
    if incoming.network.is_me(who):
        buffer.leave()
        incoming.network.unwant(buffer.name)
        incoming.about_me(buffer, f"{incoming.nick} kicked you{reason_text}. /join {buffer.name} to come back.")
    else:
        buffer.members.pop(incoming.network.fold(who), None)
        typing.forget_user(buffer, who)
        incoming.note(buffer, f"{incoming.nick} kicked {who}{reason_text}", nick=who)


@on("QUIT")
def quit_(incoming: Incoming) -> None:
    """Show a QUIT in every channel and private conversation of that user."""
    split = " (the network split)" if incoming.batch == "netsplit" else reason(incoming.param(0))
    for buffer in _buffers_with(incoming.network, incoming.nick):
        typing.forget_user(buffer, incoming.nick)
        if buffer.members.pop(incoming.network.fold(incoming.nick), None) or buffer.kind is BufferKind.PRIVATE:
            incoming.moved(buffer, incoming.nick, WENT, f"{incoming.nick} quit{split}")
            buffer.has_quit = buffer.kind is BufferKind.PRIVATE and not incoming.is_own
    nick_recovery.on_nick_free(incoming.network, incoming.nick)


@on("NICK")
def nick(incoming: Incoming) -> None:
    """Show a change of a nickname."""
    network = incoming.network
    old, new = incoming.nick, incoming.param(0)
    is_own = incoming.is_own
    known = _buffers_with(network, old)
    if is_own:
        if bouncer.holds_session(network) and not network.link.welcomed:
            network.nicks.wanted = new  # a bouncer reports its nick on the network
        asked = network.fold(new) in (network.fold(network.nicks.asked), network.fold(network.nicks.wanted))
        nick_recovery.on_nick_changed(network, new)
        if asked:
            incoming.note(network.status, f"You are now known as {new}")
        else:
            incoming.about_me(
                network.status, f"The server changed your nickname to {new}. Use /nick to choose another one."
            )
        current = incoming.model.current
        if current.network is network and current not in (network.status, *known):
            incoming.answer(f"You are now known as {new}")
    for buffer in known:
        typing.forget_user(buffer, old)
        member = buffer.members.pop(network.fold(old), None)
        if member:
            member.nick = new
            buffer.members[network.fold(new)] = member
        incoming.note(buffer, f"You are now known as {new}" if is_own else f"{old} is now known as {new}", nick=new)
    talk_with = network.find(old)
    if talk_with and talk_with.kind is BufferKind.PRIVATE and not network.find(new):
        network.buffers[network.fold(new)] = network.buffers.pop(network.fold(old))
        talk_with.name = new
    if not is_own:
        nick_recovery.on_nick_free(network, old)
        notify_list.renamed(incoming.model, network, old, new, incoming.time)


@on("TOPIC")
def topic(incoming: Incoming) -> None:
    """Show a changed topic."""
    buffer = incoming.network.find(incoming.param(0))
    if buffer is None:
        return
    text = incoming.param(1)
    buffer.topic = text
    incoming.note(
        buffer,
        f"{incoming.nick} set the topic: {text}" if text else f"{incoming.nick} removed the topic",
        nick=incoming.nick,
    )


@on(Numeric.RPL_TOPIC)
def topic_is(incoming: Incoming) -> None:
    """Note the topic, after joining or on request."""
    buffer = incoming.network.find(incoming.param(1))
    if buffer:
        buffer.topic = incoming.param(2)
        incoming.note(buffer, f"Topic: {incoming.param(2)}", LineKind.INFO)


@on(Numeric.RPL_NOTOPIC)
def no_topic(incoming: Incoming) -> None:
    """Note that no topic is set."""
    buffer = incoming.network.find(incoming.param(1))
    if buffer:
        buffer.topic = ""
        incoming.note(buffer, "No topic is set", LineKind.INFO)


@on(Numeric.RPL_TOPICWHOTIME)
def topic_setter(incoming: Incoming) -> None:
    """Show the setter and time of the topic."""
    buffer = incoming.network.find(incoming.param(1))
    when = date_and_time(incoming.param(3))
    if buffer and when:
        incoming.note(buffer, f"set by {split_source(incoming.param(2))[0]} on {when}", LineKind.INFO)


@on(Numeric.RPL_NAMREPLY)
def names(incoming: Incoming) -> None:
    """Add names of a channel, which take effect at the end of the list."""
    network = incoming.network
    buffer = network.find(incoming.param(2))
    if buffer is None:
        incoming.answer(f"{incoming.param(2)}: {incoming.param(3)}")
        return
    if buffer.names_arriving is None:
        buffer.names_arriving = {}
    for word in incoming.param(3).split():
        prefixes, mask = network.isupport.split_prefixes(word)
        nick, user, host = split_source(mask)
        known = buffer.members.get(network.fold(nick)) or Member(nick)
        known.prefixes = prefixes
        known.user = user or known.user
        known.host = host or known.host
        buffer.names_arriving[network.fold(nick)] = known


@on(Numeric.RPL_ENDOFNAMES)
def names_end(incoming: Incoming) -> None:
    """Note that the list of members is complete; waiting lines can be sent now."""
    buffer = incoming.network.find(incoming.param(1))
    if buffer is None or not buffer.joined:
        return
    if buffer.names_arriving is not None:
        buffer.members = buffer.names_arriving
        buffer.names_arriving = None
    buffer.names_known = True
    if buffer.names_wanted:
        buffer.names_wanted = False
        incoming.answer(joining.members_line(buffer))
    if not incoming.network.caps.held & caps.NO_IMPLICIT_NAMES:
        _can_speak(incoming, buffer)


def _can_speak(incoming: Incoming, buffer: Buffer) -> None:
    """Request the channel's history after a join, and send waiting messages."""
    # Messages that may have arrived before a connection broke are first searched for in the history.
    asked = chathistory.ask_latest(buffer)
    if not (asked and any(waiting.maybe for waiting in buffer.waiting)):
        sending.flush(incoming.model, buffer, incoming.time)


@on("MODE")
def mode(incoming: Incoming) -> None:
    """Show changed modes of a channel, its members, or ourselves."""
    network = incoming.network
    target = incoming.param(0)
    buffer = network.find(target)
    changes = " ".join(incoming.message.params[1:])
    if network.is_me(target) and changes in ("+r", "-r"):
        incoming.note(network.status, f"Mode of {target}: {changes}")  # logins and logouts have their own texts
        return
    if buffer is None or buffer.kind is not BufferKind.CHANNEL:
        incoming.note_or_answer(f"Mode of {target}: {changes}")
        return
    before = _own_prefixes(buffer)
    banned = _change_modes(incoming, buffer)
    if banned or (_own_prefixes(buffer) != before and not incoming.is_own):
        incoming.about_me(buffer, f"{incoming.nick} set mode {changes}", LineKind.ERROR if banned else LineKind.EVENT)
    else:
        incoming.note(buffer, f"{incoming.nick} set mode {changes}", nick=incoming.nick)


@on(Numeric.RPL_CHANNELMODEIS)
def channel_modes(incoming: Incoming) -> None:
    """Show the channel's modes, on request."""
    buffer = incoming.network.find(incoming.param(1))
    modes = " ".join(incoming.message.params[2:])
    if buffer:
        buffer.modes = modes
        incoming.note(buffer, f"Mode: {modes}" if modes.strip("+ ") else "No modes are set", LineKind.INFO)


@on(Numeric.RPL_CREATIONTIME)
def created(incoming: Incoming) -> None:
    """Show when the channel was created."""
    buffer = incoming.network.find(incoming.param(1))
    when = date_and_time(incoming.param(2))
    if buffer and when:
        incoming.note(buffer, f"Created on {when}", LineKind.INFO)


@on("RENAME")
def rename(incoming: Incoming) -> None:
    """Rename a channel: https://ircv3.net/specs/extensions/channel-rename"""
    network = incoming.network
    buffer = network.find(incoming.param(0))
    new = incoming.param(1)
    if buffer is None or not new or network.find(new) not in (None, buffer):
        return
    del network.buffers[network.fold(buffer.name)]
    key = network.channels.get(buffer.name, "")
    network.unwant(buffer.name)
    incoming.note(
        buffer, f"{incoming.nick} renamed {buffer.name} to {new}{reason(incoming.param(2))}", nick=incoming.nick
    )
    buffer.name = new
    network.buffers[network.fold(new)] = buffer
    network.want(new, key)


@on("AWAY")
def away(incoming: Incoming) -> None:
    """Note that a member goes away or returns (away-notify)."""
    for _, member in incoming.network.with_member(incoming.nick):
        member.away = bool(incoming.message.params)
    notify_list.away(
        incoming.model,
        incoming.network,
        incoming.nick,
        incoming.param(0) if incoming.message.params else None,
        incoming.time,
    )


@on("ACCOUNT")
def account(incoming: Incoming) -> None:
    """Note that a user logs in or out (account-notify)."""
    for _, member in incoming.network.with_member(incoming.nick):
        member.account = "" if incoming.param(0) == "*" else incoming.param(0)


@on("CHGHOST")
def chghost(incoming: Incoming) -> None:
    """Note a changed user name and host (chghost)."""
    if incoming.is_own:
        incoming.network.nicks.set_host(incoming.param(0), incoming.param(1))
    for _, member in incoming.network.with_member(incoming.nick):
        member.user = incoming.param(0)
        member.host = incoming.param(1)


@on("SETNAME")
def setname(incoming: Incoming) -> None:
    """Note a changed real name (setname)."""
    for _, member in incoming.network.with_member(incoming.nick):
        member.realname = incoming.param(0)


def _buffers_with(network: ClientNetwork, nick: str) -> list[Buffer]:
    known = [buffer for buffer, _ in network.with_member(nick)]
    talk_with = network.find(nick)
    if talk_with and talk_with.kind is BufferKind.PRIVATE:
        known.append(talk_with)
    return known


def _own_prefixes(buffer: Buffer) -> str:
    member = buffer.member(buffer.network.nicks.current)
    return member.prefixes if member else ""


def _change_modes(incoming: Incoming, buffer: Buffer) -> bool:
    """Change the members' ranks and the key that the channel is joined with. Returns whether a ban is on ourselves."""
    network, params = buffer.network, incoming.message.params[1:]
    isupport = network.isupport
    arguments = list(params[1:])
    add = True
    banned = False
    for letter in params[0] if params else "":
        if letter in "+-":
            add = letter == "+"
            continue
        argument = arguments.pop(0) if arguments and isupport.takes_parameter(letter, add=add) else ""
        member = buffer.member(argument) if letter in isupport.modes else None
        if member:
            member.prefixes = isupport.with_mode(member.prefixes, letter, add=add)
        elif letter == "k" and "k" in isupport.parameter_modes:
            network.want(buffer.name, argument if add and argument != "*" else "")
        elif letter == "b" and add:
            own = f"{network.nicks.current}!{network.nicks.mask or '*@*'}"
            banned = banned or (not incoming.is_own and matches(argument, own))
    return banned
