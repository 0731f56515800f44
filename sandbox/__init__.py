"""The local stand-in for Discord: REST, gateway and a chat page, on loopback only.

`Sandbox` (in `sandbox.rest.server`) runs it; `Member` (in `sandbox.testing.driver`) acts as one of
its humans.
"""

from sandbox.rest.server import Sandbox
from sandbox.testing.driver import Member

__all__ = ["Member", "Sandbox"]
