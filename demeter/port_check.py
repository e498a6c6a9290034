"""Whether a port of this machine can be listened on."""

import errno
import socket

from django.utils.translation import gettext as _

from demeter.errors import DemeterError


class PortInUse(DemeterError):
    """The port cannot be bound: another program listens on it, or this user may not."""

    code, status = "port_in_use", 409


def check_port_free(host: str, port: int) -> None:
    """Raises PortInUse if another program listens there. Closed connections that linger do not count."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except PermissionError as error:
            raise PortInUse(
                _("This user may not listen on port %(port)d.") % {"port": port}, port=port
            ) from error
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            message = _(
                "Port %(port)d is in use by another program. Choose another one, for example PORT=%(other)d."
            )
            raise PortInUse(
                message % {"port": port, "other": port + 1 if port < 65535 else 8001}, port=port
            ) from error
