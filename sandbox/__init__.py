"""The local stand-in for Discord: REST, gateway and a chat page, on loopback only.

`Sandbox` (in `sandbox.server`) runs it; `Member` (in `sandbox.driver`) acts as one of its humans.
"""

from sandbox.driver import Member
from sandbox.server import Sandbox

__all__ = ["Member", "Sandbox"]
