"""Replicas of a distributed run learn one codebook: the one that a single process would."""

import socket

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.nn.parallel import DistributedDataParallel

from vocable.quantize import Expire, Gradient, KMeans, Normalised, ResidualVQ
from vocable.quantize.learn.replicas import gather_rows

STEPS = 6


def batch(step, rank):
    """Vectors in eight clear clusters, so that a last bit changes no code."""
    generator = torch.Generator().manual_seed(step)
    corners = torch.eye(8) * 10
    both = corners[torch.randint(8, (2, 16), generator=generator)]
    both += torch.randn(2, 16, 8, generator=generator) * 0.5
    return both[rank : rank + 1] if rank is not None else both


def train(rank, revival):
    """Train a quantizer; rank 0 draws the random numbers of a single process, rank 1 others."""
    torch.manual_seed(rank or 0)
    made = ResidualVQ(8, (8, 4), initialise=KMeans(per_entry=8), revival=revival).train()
    for step in range(STEPS):
        made(batch(step, rank))
    return made


class Coder(torch.nn.Module):
    """An encoder before a quantizer whose entries and projections learn by gradient."""

    def __init__(self):
        super().__init__()
        self.encoder = torch.nn.Linear(8, 8)
        options = {"codebook": Normalised(4), "update": Gradient(), "revival": Expire(below=0.9)}
        options["initialise"] = KMeans(per_entry=8)
        self.quantizer = ResidualVQ(8, (8, 4), dropout=1.0, **options)

    def forward(self, x):
        found = self.quantizer(self.encoder(x))
        return (found.z - x).square().mean() + sum(found.losses.values())


def train_wrapped(rank):
    """Train by gradient under DistributedDataParallel, through the start and with revival."""
    torch.manual_seed(rank)
    model = DistributedDataParallel(Coder())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(STEPS):
        optimizer.zero_grad()
        model(batch(step, rank)).backward()
        optimizer.step()
    assert model.module.quantizer.learning_started
    return model.module


def replica(rank, port, folder):
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    torch.set_num_threads(1)
    uneven = gather_rows(torch.full((rank + 1, 2), float(rank)))
    found = {
        "plain": train(rank, None).state_dict(),
        "reviving": train(rank, Expire(below=1.0)).state_dict(),
        "wrapped": train_wrapped(rank).state_dict(),
        "uneven": uneven,
    }
    torch.save(found, f"{folder}/{rank}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("replicas")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mp.spawn(replica, args=(port, folder), nprocs=2)
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


@pytest.mark.parametrize("run", ["plain", "reviving", "wrapped"])
def test_replicas_hold_the_same_state(trained, run):
    for key, value in trained[0][run].items():
        assert torch.equal(value, trained[1][run][key]), key


def test_two_replicas_learn_what_one_process_does(trained):
    single = train(None, None).state_dict()
    for key, value in trained[0]["plain"].items():
        assert torch.allclose(value, single[key], atol=1e-4), key


def test_revival_happened(trained):
    assert not torch.equal(
        trained[0]["reviving"]["stack.0.codebook.entries"],
        trained[0]["plain"]["stack.0.codebook.entries"],
    )


def test_rows_of_uneven_batches_are_gathered_in_order(trained):
    for found in trained:
        assert found["uneven"].tolist() == [[0.0, 0.0], [1.0, 1.0], [1.0, 1.0]]
