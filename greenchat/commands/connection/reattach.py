"""Reattaching: a connection with another nick becomes another session of its account's user.

A client that logs in before the welcome is attached from the start (`registration`); clients that can only log in later
use NickServ REGAIN. The client sees itself leave its channels, change nick, and join those of the user; then the user
joins the channels that only the connection was in, and keeps its ranks there.
"""

from greenchat.chat.user import User
from greenchat.commands.channels.join_part import join_channel
from greenchat.commands.channels.ranks import give_rank
from greenchat.commands.connection.always_on import tell_missed
from greenchat.commands.connection.quit import remove_user
from greenchat.commands.connection.registration import show_channels
from greenchat.commands.core.context import Context
from greenchat.commands.users.away import arrive
from greenchat.commands.users.user_modes import send_modes


def reattach(ctx: Context, holder: User) -> None:
    """Attach the sender's session to the holder; the sender's previous user leaves if it was the only session."""
    network, session, guest = ctx.network, ctx.session, ctx.user
    returns = not holder.sessions
    left = [(channel.name, channel.key, channel.members[guest]) for channel in network.channels_of(guest)]
    network.catch_up(session)
    for channel in network.channels_of(guest):
        ctx.respond(ctx.envelope("PART", channel.name, source=guest))
    ctx.respond(ctx.envelope("NICK", holder.nick, source=guest))
    watched = dict(network.local.monitors.targets(session))
    network.disconnect(session)
    if not guest.sessions:
        remove_user(ctx, guest, f"Is {holder.nick} now")
    network.connect(session)
    network.attach(holder, session)
    for folded, nick in watched.items():
        network.local.monitors.add(session, folded, nick)
    send_modes(ctx, holder)
    arrive(ctx, holder)
    show_channels(ctx, holder)
    if returns:
        tell_missed(ctx, holder)
    for name, key, ranks in left:
        join_channel(ctx, name, key)
        room = network.channel(name)
        if room and holder in room.members:
            for letter in ranks:
                give_rank(ctx, holder, room, letter)
