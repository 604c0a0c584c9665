"""MusicGen: music from a description, 50 frames a second, all levels of a step side by side.

"Simple and Controllable Music Generation" (Copet et al. 2023, arXiv:2306.05284). A transformer over
the delay layout: level k comes k steps late, so that a step's rows, drawn at once, are of different
frames. Each row sees the description through cross-attention, as states of a T5 encoder, which is
not built here: `transformers` has it.

    ids [time, rows]  →  sum of embeddings  →  + waves  →  layers, which look at the text  →  heads

model       the network                  composing   a piece, frame by frame
config      its sizes                    generator   what a user holds
"""

from vocable.language.musicgen.composing import Piece as Piece
from vocable.language.musicgen.composing import compose as compose
from vocable.language.musicgen.config import MusicGenConfig as MusicGenConfig
from vocable.language.musicgen.config import musicgen_large as musicgen_large
from vocable.language.musicgen.config import musicgen_medium as musicgen_medium
from vocable.language.musicgen.config import musicgen_small as musicgen_small
from vocable.language.musicgen.generator import MusicGenGenerator as MusicGenGenerator
from vocable.language.musicgen.model import MusicGen as MusicGen
