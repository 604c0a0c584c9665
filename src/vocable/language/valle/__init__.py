"""VALL-E: a text is said in the voice of a short recording whose text is known.

config    what both models are made of        ar/     draws the first level, step by step
steps     text and frames as steps of ids     nar/    fills in the others, level by level
rows      embeddings of these steps           valle   joins the two: what a user holds

"Neural Codec Language Models are Zero-Shot Text to Speech Synthesizers" (Wang et al. 2023,
arXiv:2301.02111), and of VALL-E 2 (Chen et al. 2024, arXiv:2406.05370) the groups of frames, the
split of a recording into prompt and target, and sampling that is aware of repetition.
"""

from .valle import Said, Valle

__all__ = ["Said", "Valle"]
