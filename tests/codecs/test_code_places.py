"""Places of codes: as far apart as what they stand for, and the same at every call."""

from __future__ import annotations

import pytest
import torch

from vocable import testing
from vocable.codecs.code_places import code_places
from vocable.errors import ModelError

TOKENIZERS = testing.tokenizers()


@pytest.mark.parametrize("name", ["soundstream", "dac", "streaming-units", "speech"])
def test_places_are_as_far_apart_as_what_codes_stand_for(name: str) -> None:
    codec, levels = TOKENIZERS[name], TOKENIZERS[name].spec.levels
    quantizer = codec.model.quantizer
    books = getattr(quantizer, "contours", 0)  # of which the entries are not what is decoded
    for level, places in enumerate(code_places(codec, len(levels))[books:], books):
        assert places.shape[0] == levels[level].size and places.shape[1] <= 64
        codes = torch.zeros(1, len(levels), len(places), dtype=torch.int64)
        codes[0, level] = torch.arange(len(places))
        with torch.no_grad():
            rows = quantizer.decode(codes)[0].double()
        wanted = torch.cdist(rows, rows)
        torch.testing.assert_close(
            torch.cdist(places.double(), places.double()), wanted, rtol=0, atol=0.01 * wanted.max()
        )
        spread = places.std(0)
        assert (spread[:-1] >= spread[1:]).all()  # main axes first


def test_levels_of_several_rates_have_no_places() -> None:
    with pytest.raises(ModelError, match="has levels of several rates"):
        code_places(TOKENIZERS["snac"], 1)
