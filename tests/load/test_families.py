"""Each published family: whose checkpoint it is, and how it is trained further."""

import torch

import vocable
from tests.bad_input.test_published import encodec, family, written
from tests.load.toys import SOUND
from vocable.codecs.keys import layouts
from vocable.codecs.keys.checkpoint import open_checkpoint
from vocable.load import describe, load_to_train, save_model


@family
def test_one_layout_and_no_other_knows_it(make, kind, tmp_path):
    checkpoint = open_checkpoint(written(tmp_path / "x", *make(kind)))
    found = [layout.recognise(checkpoint) for layout in layouts()]
    assert [each.architecture for each in found if each] == [describe(tmp_path / "x").architecture]


@family
def test_a_decoder_is_trained_further_and_its_tokens_stay_valid(make, kind, tmp_path):
    folder = written(tmp_path / "x", *make(kind))
    tokens = vocable.load(folder).encode(SOUND, rate=8000)
    model = load_to_train(folder)
    model.encoder.requires_grad_(False)
    model.quantizer.requires_grad_(False).eval()
    optimizer = torch.optim.SGD(model.decoder.parameters(), lr=1e-4)
    x = 0.1 * torch.randn(1, model.spec.channels, 60 * model.spec.frame)
    sound = model.from_codes(model.to_codes(x))
    sound.square().mean().backward()
    optimizer.step()
    before = vocable.load(folder).decode(tokens)
    assert save_model(model, tmp_path / "y", name="mine") == tokens.spec.space
    after = vocable.load(tmp_path / "y").decode(tokens)
    assert after.samples.shape == before.samples.shape and after != before


@family
def test_training_all_of_it_makes_a_new_space(make, kind, tmp_path):
    folder = written(tmp_path / "x", *make(kind))
    model = load_to_train(folder)
    out = model(0.1 * torch.randn(2, model.spec.channels, 60 * model.spec.frame))
    (out.audio.square().mean() + sum(out.losses.values())).backward()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter -= 1e-3 * parameter.grad
    assert save_model(model, tmp_path / "y") != describe(folder).space


def test_the_name_of_the_file_does_not_matter(tmp_path):
    folder = written(tmp_path / "x", *encodec("causal"))
    space = describe(folder).space
    (folder / "model.safetensors").rename(folder / "anything")
    assert describe(folder).space == describe(folder / "anything").space == space
