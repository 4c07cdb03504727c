"""Message tags of our own. https://ircv3.net/specs/extensions/message-tags"""

# A client gives each message a unique id (1 to 64 characters), so that a server with support for the tag delivers a
# message only once, even if it was sent again after a lost connection.
CLIENT_ID = "+greenchat/id"

RELAYED_BY = "draft/relaymsg"
"""The nick of the bot that has relayed a message: https://github.com/ircv3/ircv3-specifications/pull/417."""

CHANNEL_CONTEXT = ("+channel-context", "+draft/channel-context")
"""The channel that a private message belongs to, https://ircv3.net/specs/client-tags/channel-context, under the name
that it has and under the one that it had as a draft."""
