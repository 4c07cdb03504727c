"""The settings with which the server presents itself: the network's name, a description, the message of the day."""

from dataclasses import dataclass
from typing import Annotated

from greenchat import __version__
from greenchat.config import validators
from greenchat.config.key import Key

GREETING = (
    "Welcome! /list lists the channels, /join enters one or creates a new one.",
    "To register your nickname: /msg NickServ HELP. To read earlier messages: /msg HistServ HELP.",
)


@dataclass(frozen=True, slots=True)
class About:
    """The answers to VERSION, INFO and MOTD, and the network's name in the welcome."""

    version: str = f"greenchat-{__version__}"
    network: Annotated[str, Key("the network's name", parse=validators.network_name)] = "greenchat"
    description: Annotated[str, Key("the server in a few words", parse=validators.line)] = (
        "greenchat, group chat for the terminal"
    )
    icon: Annotated[str, Key("the URL of a picture of the network", parse=validators.url)] = ""
    motd: Annotated[
        tuple[str, ...], Key("the message of the day, a string for each line; []: none", parse=validators.line)
    ] = GREETING
