"""Posting to an address that a person typed in, without lending them this machine's network.

The name is resolved once, every address it has must be public (or in ALERT_WEBHOOK_NETWORKS), and the connection goes
to the very address that was checked: a name that answers otherwise a moment later leads nowhere else. No redirect is
followed, no proxy is asked, and time and bytes are bounded.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from typing import Final
from urllib.parse import SplitResult

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from demeter.alerts.errors import DeliveryRefused, InnerAddress, NotDelivered, ServerBusy, UnknownHost
from demeter.webhook_url import PORTS, check_webhook_url

CONNECT_S: Final = 5.0
TOTAL_S: Final = 10.0
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def post(url: str, body: bytes, headers: dict[str, str]) -> None:
    """Post a body, and return when a server has taken it (2xx).

    Raises InnerAddress, UnknownHost, DeliveryRefused (another answer, a redirect too), ServerBusy (408, 425, 429, 5xx)
    or NotDelivered.
    """
    try:
        parts = check_webhook_url(url)
    except ValidationError as error:
        raise DeliveryRefused(_("This is no address of a webhook.")) from error
    address = _checked_address(parts)
    try:
        with _connected(parts, address) as connection:
            status = _status_of(connection, parts, body, headers)
    except (HTTPException, OSError) as error:
        raise NotDelivered(_("The webhook does not answer.")) from error
    if 200 <= status < 300:
        return
    if status in (408, 425, 429) or status >= 500:
        raise ServerBusy(_("The webhook answers %(status)d.") % {"status": status}, http_status=status)
    raise DeliveryRefused(_("The webhook answers %(status)d.") % {"status": status}, http_status=status)


def _checked_address(parts: SplitResult) -> Address:
    """The address to connect to. Each that the name has is checked: a client must not choose the wrong one."""
    host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnknownHost(_("The host of the webhook is not known.")) from error
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not addresses:
        raise UnknownHost(_("The host of the webhook is not known."))
    if not all(_is_allowed(address, parts.scheme) for address in addresses):
        raise InnerAddress(_("The webhook leads to an address that is not public."))
    return addresses[0]


def _is_allowed(address: Address, scheme: str) -> bool:
    """Public by https, or in a network that is allowed by name."""
    networks = [ipaddress.ip_network(network, strict=False) for network in settings.ALERT_WEBHOOK_NETWORKS]
    inner = _carried(address)
    if any(inner in network for network in networks if network.version == inner.version):
        return True
    return scheme == "https" and _is_public(inner) and (address in _NAT64 or _is_public(address))


def _is_public(address: Address) -> bool:
    is_site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not (address.is_multicast or address.is_reserved or is_site_local)


def _carried(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for (mapped, 6to4, Teredo, NAT64); else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address


@contextmanager
def _connected(parts: SplitResult, address: Address) -> Iterator[HTTPConnection]:
    """A connection to the address itself, which ends after TOTAL_S. A certificate must be that of the name."""
    port = parts.port or PORTS[parts.scheme]
    connection = HTTPConnection(str(parts.hostname), port)
    plain = socket.create_connection((str(address), port), timeout=CONNECT_S)
    # A server that sends a byte now and then would never run into the timeout of a single answer.
    handle = plain.dup()
    end = threading.Timer(TOTAL_S, _shut, [handle])
    end.start()
    try:
        connection.sock = (
            ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname)
            if parts.scheme == "https"
            else plain
        )
        yield connection
    finally:
        end.cancel()
        connection.close()
        plain.close()
        handle.close()


def _shut(handle: socket.socket) -> None:
    with suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)


def _status_of(connection: HTTPConnection, parts: SplitResult, body: bytes, headers: dict[str, str]) -> int:
    """The status alone: what an answer says is not read."""
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("POST", target, body, {"User-Agent": "DemeterAI", "Connection": "close", **headers})
    return connection.getresponse().status
