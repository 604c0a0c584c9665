"""Let a text model of Hugging Face hold audio ids beside its own: the flat form.

The tokenizer gets a name for every id of the vocabulary, the embedding table and the head get a row
for it; text keeps its ids, rows and logits. What `save` writes is a model like any other of its
kind, which `transformers` and servers of text models load as they are, with the vocabulary beside.

The first audio id is the number of text ids of the tokenizer. It is kept in the vocabulary and
never taken from the table, which published models pad: Qwen2.5 has 151,665 text ids and 151,936
rows.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ModelError
from ..tokens import AcousticBPE, Vocabulary
from .rows import MeanAndNoise, Projected, Rows, fill

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = [
    "AudioIds",
    "MeanAndNoise",
    "Projected",
    "Rows",
    "check",
    "extend",
    "load_ids",
    "names_of",
    "save",
    "text_ids",
    "trainable_rows",
]

AudioIds = Vocabulary | AcousticBPE
VOCABULARY, MERGED = "vocabulary.json", "acoustic_bpe"


def text_ids(tokenizer: PreTrainedTokenizerBase) -> int:
    """Return how many ids a tokenizer uses: the `text=` of a vocabulary that follows them."""
    return max(tokenizer.get_vocab().values(), default=-1) + 1


def names_of(ids: AudioIds, name: str = "audio") -> list[str]:
    """Return the name of every id of the vocabulary, in order: `<|audio_0|>`, `<|audio_eos|>`."""
    base = ids.base if isinstance(ids, AcousticBPE) else ids
    first = min(base.offsets)
    specials = {number: special for special, number in base.specials.items()}
    return [
        f"<|{name}_{specials.get(n, f'unused_{n}' if n < first else str(n - first))}|>"
        for n in range(base.text, ids.size)
    ]


def extend(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    ids: AudioIds,
    rows: Rows,
    *,
    name: str = "audio",
) -> None:
    """Add the ids of a vocabulary to a model and its tokenizer; both are changed.

    ids     of tokens in one row, with `text=text_ids(tokenizer)`
    rows    what the new rows of the table, and of a head that is not tied to it, begin as
    name    what the names of the ids begin with; another one for each vocabulary that is added

    ModelError, before anything is changed, if the ids do not follow the tokenizer's, if it has one
    of their names, or if the model has fewer rows than the tokenizer has ids.
    """
    base = ids.base if isinstance(ids, AcousticBPE) else ids
    names = names_of(ids, name)
    _check_before(model, tokenizer, base, names)
    from transformers import AddedToken

    tokenizer.add_tokens(
        [AddedToken(each, special=True, normalized=False) for each in names], special_tokens=True
    )
    model.resize_token_embeddings(max(_rows_of(model), ids.size), mean_resizing=False)
    for table in {id(each): each for each in _tables(model)}.values():
        fill(table, base.text, ids, rows)
    check(model, tokenizer, ids, name=name)


def check(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    ids: AudioIds,
    *,
    name: str = "audio",
) -> None:
    """Refuse a model or a tokenizer that is not extended by these ids: ModelError."""
    if (rows := _rows_of(model)) < ids.size:
        raise ModelError(f"the model has {rows} rows and the vocabulary {ids.size} ids; use extend")
    first = ids.base.text if isinstance(ids, AcousticBPE) else ids.text
    known = tokenizer.get_vocab()
    for number, each in enumerate(names_of(ids, name), first):
        if known.get(each) != number:
            raise ModelError(
                f"the tokenizer has {each} as {known.get(each, 'no id')}, and the vocabulary as "
                f"{number}; they do not belong together"
            )


def save(
    folder: str | os.PathLike[str],
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    ids: AudioIds,
    *,
    name: str = "audio",
) -> None:
    """Write config.json, safetensors, the tokenizer's files and the vocabulary into a new folder.

    The folder stands under its name when all of it is written. FileExistsError if it is there.
    """
    check(model, tokenizer, ids, name=name)
    target = Path(folder)
    if target.exists():
        raise FileExistsError(f"{target} exists; take another name, or remove it first")
    fresh = target.with_name(f".{target.name}.vocable-part")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        model.save_pretrained(fresh, safe_serialization=True)
        tokenizer.save_pretrained(fresh)
        ids.save(fresh / (MERGED if isinstance(ids, AcousticBPE) else VOCABULARY))
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def load_ids(folder: str | os.PathLike[str]) -> AudioIds:
    """Return the vocabulary that `save` put beside a model."""
    path = Path(folder)
    if (path / MERGED).is_dir():
        return AcousticBPE.load(path / MERGED)
    return Vocabulary.load(path / VOCABULARY)


def trainable_rows(model: PreTrainedModel, ids: AudioIds) -> dict[str, list[int]]:
    """Return the `trainable_token_indices` of PEFT's LoraConfig that train the new rows.

    LoRA alone leaves them as they began. A head that is not tied to the table has rows of its own.
    """
    first = ids.base.text if isinstance(ids, AcousticBPE) else ids.text
    numbers = list(range(first, ids.size))
    paths = {id(module): path for path, module in model.named_modules()}
    modules = [model.get_input_embeddings(), model.get_output_embeddings()]
    if _is_tied(model):
        modules.pop()
    return {paths[id(module)].rpartition(".")[2]: numbers for module in modules}


def _check_before(
    model: Any, tokenizer: PreTrainedTokenizerBase, base: Vocabulary, names: list[str]
) -> None:
    if len(base.tables.heads) > 1:
        raise ModelError(
            f"a text model predicts one row of ids, and layout {base.layout.name} has "
            f"{len(base.tables.heads)}; use flatten()"
        )
    if (text := text_ids(tokenizer)) != base.text:
        raise ModelError(
            f"the vocabulary's ids begin at {base.text} and the tokenizer's end at {text - 1}; "
            "use text=text_ids(tokenizer)"
        )
    if (rows := _rows_of(model)) < text:
        raise ModelError(f"the model has {rows} rows and its tokenizer {text} ids")
    known = tokenizer.get_vocab()
    if taken := [each for each in names if each in known]:
        raise ModelError(f"the tokenizer has {taken[0]} already; use another name=")


def _rows_of(model: Any) -> int:
    return int(model.get_input_embeddings().weight.shape[0])


def _tables(model: Any) -> list[Any]:
    """Return the weights of the table and of the head, `[rows, width]`."""
    return [model.get_input_embeddings().weight, model.get_output_embeddings().weight]


def _is_tied(model: Any) -> bool:
    table, head = _tables(model)
    return table is head
