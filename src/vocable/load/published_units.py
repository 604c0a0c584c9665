"""Published units, whose encoder and centres lie in one folder: found, checked and put together."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from vocable.errors import ModelError
from vocable.load.encoders import Known, read_encoder, recognise_encoder
from vocable.nearest import nearest
from vocable.units.published import (
    UNITS,
    PublishedEncoder,
    PublishedUnits,
    published_encoder,
    published_units,
)

if TYPE_CHECKING:
    from vocable.units import UnitTokenizer


class UnitFiles(NamedTuple):
    """Published units, their encoder, and the files of both."""

    units: PublishedUnits
    encoder: PublishedEncoder
    centres_file: Path
    encoder_file: Path

    def hashes(self) -> dict[Path, str | None]:
        """Return what each file must hash to; None where no source says."""
        return {self.encoder_file: self.encoder.sha256, self.centres_file: self.units.sha256}


def load_units(name: str, folder: str | os.PathLike[str]) -> UnitTokenizer:
    """Return the tokenizer of published units, such as `hubert-base-l9-km500`.

    folder: where the files of encoder and centres lie, as they were published; `vocable info NAME`
    says which. Nothing in them is run. Raises ModelError for files that are missing or that hash to
    something else, and for a name that is not published.
    """
    from vocable.weights import check_hash

    found = files_of_units(name, folder)
    for path, sha256 in found.hashes().items():
        if sha256 is not None:
            check_hash(path, sha256)
    return tokenizer_of(found, encoder_in(found))


def files_of_units(name: str, folder: str | os.PathLike[str]) -> UnitFiles:
    """Return the files of published units in a folder; ModelError names what is missing."""
    units = published_units(name)
    encoder = published_encoder(units.encoder) if units else None
    if units is None or encoder is None:
        known = nearest(name, (entry.name for entry in UNITS), most=3)
        raise ModelError(f'no published units are named "{name}"; {known}')
    needed = {encoder.file: encoder.url, units.file: units.url}
    missing = [file for file in needed if not (Path(folder) / file).is_file()]
    if missing:
        urls = " and ".join(str(needed[file]) for file in missing)
        raise ModelError(
            f"{name} needs {' and '.join(missing)}, not found in {folder}; download {urls} into it"
        )
    return UnitFiles(units, encoder, Path(folder) / units.file, Path(folder) / encoder.file)


def encoder_in(files: UnitFiles) -> Known:
    """Return what the encoder's file is read by; ModelError for another file."""
    if known := recognise_encoder(files.encoder_file):
        return known
    raise ModelError(f"{files.encoder_file} holds no encoder; download {files.encoder.url} again")


def tokenizer_of(files: UnitFiles, known: Known) -> UnitTokenizer:
    """Return the tokenizer of these files, whose hashes are not looked at."""
    from vocable.units import FeatureEncoder, UnitTokenizer
    from vocable.units.tokenizer import convert_kmeans

    encoder = FeatureEncoder(read_encoder(known), files.encoder.stated_licence)
    return UnitTokenizer(encoder, convert_kmeans(files.centres_file, encoder, files.units.layer))
