"""A port that is taken is a clear message, before anything is started."""

import socket

import pytest

from demeter.port_check import PortInUse, check_port_free


def test_a_busy_port_is_refused_with_a_sentence_that_names_another() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(PortInUse, match=rf"{port}.*PORT=\d+"):
            check_port_free("127.0.0.1", port)


def test_a_free_port_is_accepted_and_free_again_afterwards() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    check_port_free("127.0.0.1", port)
    check_port_free("127.0.0.1", port)
