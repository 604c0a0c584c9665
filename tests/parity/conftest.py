"""Parity runs on this machine alone: no test may reach the network."""

import socket

import pytest


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection: a peer that downloads would compare something else."""

    def refuse(self: socket.socket, address: object) -> None:
        raise AssertionError(f"a parity test reached for the network ({address})")

    monkeypatch.setattr(socket.socket, "connect", refuse)
