"""The addresses that a service may name for its pictures: https, and somewhere public.

A service that was taken over could else have the bot fetch from the operator's own network. A
host's name is judged when the connection is made, by the address that it stands for then.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

if TYPE_CHECKING:
    from aiohappyeyeballs import AddrInfoType


def may_be_public(url: URL) -> bool:
    """Return whether an address is of https, and not plainly a private one."""
    if url.scheme != "https" or not url.host:
        return False
    try:
        return _is_public(url.host)
    except ValueError:  # a name
        return True


def public_connector() -> aiohttp.BaseConnector:
    """Return a pool of connections that reach public addresses alone."""
    return aiohttp.TCPConnector(socket_factory=_public_socket)


def _public_socket(info: AddrInfoType) -> socket.socket:
    family, kind, protocol, _, address = info
    if not _is_public(str(address[0])):
        raise OSError(errno.EACCES, "its host is at no public address")
    return socket.socket(family, kind, protocol)


def _is_public(host: str) -> bool:
    """Judge a numeric address, and the older one that it may carry. Raises ValueError."""
    address = ipaddress.ip_address(host)
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        address = inner or address
    return address.is_global and not address.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
