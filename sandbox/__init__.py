"""The local stand-in for Discord: REST, gateway and a chat page, on loopback only.

`Sandbox` runs it; `Member` acts as one of its humans. The rooms, each of which imports only those
below it:

    server.py                       builds the parts once and serves them
    testing/                        what tests hold: members, places, waiting, fault injection
    page/ | rest/ | gateway/        the chat page, Discord's REST API, Discord's gateway
    state/ | samples/               the world and its rules; the pictures of the page's shelf
"""

from sandbox.server import Sandbox
from sandbox.testing.member import Member

__all__ = ["Member", "Sandbox"]
