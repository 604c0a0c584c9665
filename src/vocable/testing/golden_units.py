"""What published encoders and centres gave for one recording, as their authors published it.

All of fairseq's examples/hubert/tests (MIT), revision 3d262bb2: the recording, which is of
LibriSpeech (CC BY 4.0), features of two encoders, and units. The features are kept as the few
numbers below, of their files `sample.base.L9.npy` and `sample.large.L20.npy`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vocable.audio import Audio


@dataclass(frozen=True)
class GoldenRecording:
    """A recording by its samples. sha256: of them as 16-bit integers, little-endian."""

    file: str
    url: str
    rate: int
    samples: int
    sha256: str

    def is_in(self, audio: Audio) -> bool:
        """Return whether a recording is this one, whatever file it came in."""
        if (audio.rate, audio.samples.shape) != (self.rate, (1, self.samples)):
            return False
        stored = np.round(audio.samples * 32_768).astype("<i2").tobytes()
        return hashlib.sha256(stored).hexdigest() == self.sha256

    def found(self, audio: Audio, folder: str | os.PathLike[str]) -> Audio | None:
        """Return the recording if it is the given one or lies in a folder; else None."""
        path = Path(folder) / self.file
        held = [audio, *([Audio.read(path)] if path.is_file() else [])]
        return next((each for each in held if self.is_in(each)), None)


@dataclass(frozen=True)
class GoldenFeatures:
    """Features of a layer in a few numbers. first, last: the beginnings of those two frames."""

    recording: GoldenRecording
    layer: int
    shape: tuple[int, int]
    mean: float
    deviation: float
    largest: float
    first: tuple[float, ...]
    last: tuple[float, ...]

    def numbers(self) -> tuple[float, ...]:
        """Return all that is compared."""
        return (self.mean, self.deviation, self.largest, *self.first, *self.last)


@dataclass(frozen=True)
class GoldenUnits:
    """Units of all frames of a recording."""

    recording: GoldenRecording
    units: tuple[int, ...]


SAMPLE = GoldenRecording(
    "6313-76958-0021.flac",
    "https://github.com/facebookresearch/fairseq/raw/main/examples/hubert/tests/6313-76958-0021.flac",
    16_000,
    190_800,
    "15800b5c9c4ac03b3e101ce2879ae1f953c6d20a4158d077ea091cea1378a5a3",
)
_BASE_9 = GoldenFeatures(
    SAMPLE, 9, (596, 768), -0.0079832, 0.3035378, 3.7513173,
    (0.0265405, -0.0949209, 0.0332461, 0.1840537, -0.1633401, -0.1064023),
    (0.0082687, -0.1478152, 0.0173917, 0.0959838),
)  # fmt: skip
_LARGE_20 = GoldenFeatures(
    SAMPLE, 20, (596, 1024), 0.6220287, 14.5612850, 1831.1178,
    (-6.6624393, 36.720917, -7.3446813, 3.4283880, -3.1117130, -8.2969570),
    (-6.9489236, 39.537674, -9.8244310, 9.2271710),
)  # fmt: skip

# of published encoders by name, on the hub and as files
FEATURES: Mapping[str, GoldenFeatures] = {
    "facebook/hubert-base-ls960": _BASE_9,
    "hubert_base_ls960.pt": _BASE_9,
    "facebook/hubert-large-ll60k": _LARGE_20,
    "hubert_large_ll60k.pt": _LARGE_20,
}

_BASE_9_500 = """
17 17 17 17 296 296 20 20 20 461 461 20 184 20 20 20 184 289 144 445 445 213 213 213 213 252 215
129 401 20 354 180 494 44 416 416 416 192 192 180 180 84 84 84 16 88 88 88 88 319 242 240 348 35
35 117 404 197 226 209 83 55 55 55 322 67 94 199 118 118 118 118 118 118 402 219 219 219 222 222
222 353 59 245 245 251 251 241 241 431 367 367 178 35 35 35 458 192 351 41 324 324 324 252 464
464 139 139 424 424 424 497 497 497 122 90 42 42 147 380 380 499 319 319 319 348 348 33 33 394
90 76 465 74 425 425 386 386 431 319 319 319 319 319 240 203 53 473 34 340 340 340 340 116 64
212 384 377 123 123 123 216 216 216 114 114 57 57 57 203 381 381 117 48 13 47 80 20 80 80 320 7
7 364 345 141 141 141 141 281 281 9 86 221 198 198 22 283 455 236 239 239 107 107 395 286 286
286 468 468 406 406 467 176 176 176 328 200 200 248 464 145 365 365 365 365 330 385 457 77 77 77
54 224 300 334 334 382 304 304 271 186 31 342 342 342 198 22 283 5 38 162 232 232 482 68 26 26
359 359 81 444 213 213 252 143 458 41 324 324 324 422 143 445 445 445 351 180 486 315 315 450
450 450 203 53 473 291 89 116 379 243 478 478 66 482 482 105 105 336 336 354 29 498 498 498 498
396 396 313 37 314 198 22 222 222 222 222 245 129 74 74 437 437 496 496 496 413 94 199 41 41 324
324 318 318 269 342 9 168 106 106 284 426 426 426 426 348 64 76 401 259 108 123 153 153 153 153
372 372 396 313 24 314 90 401 259 445 445 351 351 365 365 365 365 282 282 215 233 233 229 427 20
247 126 126 126 326 326 326 326 326 326 326 101 101 101 149 228 228 20 289 20 7 217 70 65 189
189 151 240 285 300 300 495 406 467 176 135 135 339 248 466 114 222 222 222 313 313 239 384 371
490 490 38 31 54 54 224 494 494 236 129 259 74 190 487 288 288 288 288 374 173 173 280 280 302
302 175 175 69 69 223 130 129 401 75 108 119 295 295 295 295 143 192 192 135 135 135 135 200 200
464 255 255 255 251 251 241 431 235 235 235 348 348 465 192 44 44 236 8 8 354 319 319 383 348 36
310 107 107 395 462 462 8 32 32 32 354 153 153 153 153 153 387 387 387 387 85 207 318 318 318 49
453 9 168 125 125 125 125 125 466 199 44 44 143 129 144 445 351 351 351 486 486 460 285 285 302
302 497 497 122 239 161 161 79 79 499 499 499 265 265 265 85 85 85 299 299 173 352 352 427 229
170 247 15 15 15 15 15 15 193 193 193 17
"""

UNITS: Mapping[str, GoldenUnits] = {
    "hubert-base-l9-km500": GoldenUnits(SAMPLE, tuple(map(int, _BASE_9_500.split()))),
}
