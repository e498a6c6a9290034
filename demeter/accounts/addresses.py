"""Where a request comes from, as throttles and the sign-in lock-out count it."""

import ipaddress
from typing import Final

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.settings import api_settings

# What one customer of a provider is given in IPv6: each may take another address of it for every request.
_IPV6_PREFIX_BITS: Final = 64


def address_of(request: HttpRequest | Request) -> str:
    """The client's address: the peer's, or behind NUM_PROXIES trusted proxies what the nearest of them saw.

    An IPv6 address is given by its network of 64 bits. Empty if there is none, as behind a Unix socket, or if what a
    proxy wrote is no address.
    """
    forwarded = [
        part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()
    ]
    proxies = api_settings.NUM_PROXIES or 0
    if proxies and forwarded:
        return _normal(forwarded[-min(proxies, len(forwarded))])
    return _normal(str(request.META.get("REMOTE_ADDR") or ""))


def is_clients_own(request: HttpRequest | Request) -> bool:
    """Whether `address_of` is one client's, and not that of a proxy which nobody has said to trust."""
    return bool(api_settings.NUM_PROXIES) or "X-Forwarded-For" not in request.headers


def _normal(text: str) -> str:
    for candidate in (text, text.rpartition(":")[0].strip("[]")):  # some proxies append the port
        try:
            address = ipaddress.ip_address(candidate.partition("%")[0])
        except ValueError:
            continue
        if isinstance(address, ipaddress.IPv4Address):
            return str(address)
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _IPV6_PREFIX_BITS), strict=False).network_address)
    return ""
