"""Refused joins, and joins that are forwarded to another channel.

https://modern.ircdocs.horse/#errors-and-numerics
"""

from greenchat.client.handlers.numeric_texts import in_words
from greenchat.client.handlers.registry import Incoming, on
from greenchat.client.irc import joining
from greenchat.client.state.lines import LineKind
from greenchat.protocol.numerics import Numeric


@on(
    Numeric.ERR_TOOMANYCHANNELS,
    Numeric.ERR_CHANNELISFULL,
    Numeric.ERR_INVITEONLYCHAN,
    Numeric.ERR_BANNEDFROMCHAN,
    Numeric.ERR_BADCHANMASK,
    Numeric.ERR_SECUREONLYCHAN,
    Numeric.ERR_OPERONLY,
)
def refused(incoming: Incoming) -> None:
    """`<channel> :<why>`; shown in the channel's window, which is marked."""
    buffer = joining.refused(incoming.model, incoming.network, incoming.param(1))
    text = in_words(incoming.message.command, incoming.message.params)
    if buffer and not buffer.joined:
        incoming.about_me(buffer, text)
    elif buffer:
        incoming.note(buffer, text, LineKind.ERROR)
    else:
        incoming.answer(text, LineKind.ERROR)


@on(Numeric.ERR_LINKCHANNEL)
def forwarded(incoming: Incoming) -> None:
    """`<channel> <other channel> :Forwarding to another channel`"""
    text = in_words(incoming.message.command, incoming.message.params)
    network, to = incoming.network, incoming.param(2)
    if not network.isupport.is_channel(to):
        incoming.answer(text, LineKind.ERROR)
        return
    joining.forwarded(incoming.model, network, incoming.param(1), to)
    incoming.note(incoming.model.open(network, to), text, LineKind.INFO)
