"""An embedding with its centres: recordings and texts to the tokens of a condition."""

from __future__ import annotations

from typing import Any

from jaxtyping import Float
from torch import Tensor

from vocable.conditions.books import Books
from vocable.conditions.embedding import Embeds, EmbedsText, direction, embedding_of
from vocable.errors import ModelError
from vocable.tokens import AudioTokens, TokenSpec


class Conditioner:
    """Say in tokens what a recording is like, or what a text describes: one frame of them.

    ModelError for centres of another embedding.
    """

    def __init__(self, embeds: Embeds, books: Books) -> None:
        if embeds.space != books.origin.space:
            raise ModelError(
                f"the condition is of {books.origin.space}, and {embeds.name} here is "
                f"{embeds.space}; take the weights that it was made with"
            )
        self.embeds, self.books = embeds, books

    def __repr__(self) -> str:
        return f"<Conditioner {self.books.space}>"

    @property
    def spec(self) -> TokenSpec:
        """What the tokens are."""
        return self.books.spec

    @property
    def reads_text(self) -> bool:
        """Whether texts have tokens, too."""
        return isinstance(self.embeds, EmbedsText)

    def of_sound(self, source: Any, rate: int | None = None) -> AudioTokens:
        """Return the tokens of a recording, as `Tokenizer.encode` takes it."""
        return self.tokens(embedding_of(self.embeds, source, rate))

    def of_text(self, text: str) -> AudioTokens:
        """Return the tokens of a text. ModelError where the embedding has none, or for no text."""
        if not isinstance(self.embeds, EmbedsText):
            raise ModelError(
                f"the condition is of {self.embeds.name}, which hears and reads no texts; give a "
                "recording that it shall be like"
            )
        if not text.strip():
            raise ModelError("the text is empty; describe what is wanted")
        return self.tokens(direction(self.embeds.text(text), self.embeds.name))

    def tokens(self, vector: Float[Tensor, " width"]) -> AudioTokens:
        """Return the tokens of an embedding."""
        codes = self.books.codes(vector[None])[0].numpy()
        return AudioTokens(self.spec, [[[code]] for code in codes])
