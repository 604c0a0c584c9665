"""Toy models, and their checkpoints in the layout of a family of their own."""

from safetensors.torch import save, save_file

from tests.codecs import tiny
from vocable.testing.tiny_codecs import TinyConfig, TinyPlain


def toy_model(seed=0):
    """Return a random model of the toy family."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = TinyPlain(TinyConfig())
        model.quantizer.drop_learning()
        for value in model.state_dict().values():
            if value.is_floating_point():
                value.normal_(0, 0.3)
    return model


def toy_tensors(seed=0):
    """Return the tensors of a toy model by the keys of its family."""
    return {f"toy.{key}": value for key, value in toy_model(seed).state_dict().items()}


def toy_file(seed=0, padding=0):
    """Return the bytes of a toy's checkpoint, longer by `padding` that its layout does not use."""
    import torch

    more = {"toy.unused.zeros": torch.zeros(padding, dtype=torch.uint8)} if padding else {}
    return save(toy_tensors(seed) | more)


def write_toy(folder, seed=0, name="model.safetensors"):
    """Write a toy's checkpoint into a folder; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(toy_tensors(seed), folder / name)
    return folder / name


SOUND = tiny.sound(700)
TOY = {"config.json": b"{}", "model.safetensors": toy_file()}  # a repository of one
