"""Parity runs on this machine alone: no test may reach the network."""

import socket
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="module")
def no_network() -> Iterator[None]:
    """Refuse every connection: a peer that downloads would compare something else."""

    def refuse(self: socket.socket, address: object) -> None:
        raise AssertionError(f"a parity test reached for the network ({address})")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        yield
