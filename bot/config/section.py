"""What all sections of the configuration have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section of the file: frozen, and without room for a misspelled key."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def is_address(value: str) -> str:
    """Return an address with a port as it is, or an empty text. Raises ValueError."""
    if value:
        host, colon, port = value.rpartition(":")
        if not (colon and host and port.isdecimal() and int(port) < 2**16):
            raise ValueError('must be an address and a port, such as "127.0.0.1:8643"')
    return value


def host_and_port(address: str) -> tuple[str, int]:
    """Return the parts of an address with a port."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
