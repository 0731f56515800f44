"""The state of one sandbox: its world, and everything that changes it, built once."""

from __future__ import annotations

from sandbox.state.authorizations import Authorizations
from sandbox.state.channels import Channels
from sandbox.state.commands import Commands
from sandbox.state.events import Stream
from sandbox.state.interactions import Interactions
from sandbox.state.messages import Messages
from sandbox.state.reactions import Reactions
from sandbox.state.requests import Requests
from sandbox.state.tokens import Tokens
from sandbox.state.world import World


class State:
    """What REST, gateway, page and tests share.

    Attributes:
        world: Every object by its id, and who may do what.
        tokens: Who sends a request.
        authorizations: What humans allow the application to read of them.
        stream: What happens, as events.
        messages: Posts, edits and deletes messages.
        reactions: Changes reactions.
        channels: Changes channels.
        commands: The bot's registered commands.
        interactions: Interactions on their way to the bot, and its answers.
        requests: Turns what users ask of the bot into interactions.

    """

    def __init__(self, bot_name: str) -> None:
        self.world = World(bot_name)
        self.tokens = Tokens()
        self.authorizations = Authorizations()
        self.stream = Stream()
        self.messages = Messages(self.world, self.stream)
        self.reactions = Reactions(self.world, self.stream)
        self.channels = Channels(self.world, self.stream)
        self.commands = Commands(self.world)
        self.interactions = Interactions(self.world, self.stream, self.messages)
        self.requests = Requests(self.world, self.commands, self.interactions)
