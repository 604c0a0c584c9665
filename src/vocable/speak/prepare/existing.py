"""What a folder holds before recordings are prepared into it, or why they cannot be."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from vocable.errors import RecipeError
from vocable.nearest import listed
from vocable.speak.prepare.set import ABOUT, TRANSCRIPT, PreparedSet, transcript
from vocable.speak.prepare.settings import Settings

WORK = ".work"  # the folder of what was found in each recording; `datasets` passes over it
_ANEW = "name another folder, or --force to prepare it anew, without the corrections"


@dataclass(frozen=True)
class Existing:
    """A folder, the set in it, if there is one, and settings and speaker from now on."""

    folder: Path
    settings: Settings
    speaker: str
    made: PreparedSet | None = None
    replaced: PreparedSet | None = None  # what --force gives up

    @property
    def work(self) -> Path:
        return self.folder / WORK

    @property
    def hashes(self) -> list[str]:
        """The recordings that are in the set."""
        return [source.sha256 for source in self.made.about.sources] if self.made else []


def existing(folder: Path, settings: Settings, speaker: str, afresh: bool) -> Existing:
    """Return what there is. RecipeError for other files, other settings, texts not yet applied."""
    named = speaker or folder.resolve().name
    if folder.is_file():
        raise RecipeError(f"{folder} is a file; name the folder of the set")
    if not (folder / ABOUT).is_file():
        if folder.is_dir() and any(folder.iterdir()) and not (folder / WORK).is_dir():
            raise RecipeError(f"{folder} holds other files and no prepared set; name a new folder")
        return Existing(folder, settings, named)
    if afresh:
        return Existing(folder, settings, named, None, _replaced(folder))
    made = PreparedSet.read(folder)
    language = made.about.language
    settings = replace(settings, language=settings.language or language)
    _check_settings(made, settings)
    if speaker and speaker != made.about.speaker:
        raise RecipeError(f'{folder} is of "{made.about.speaker}", not of "{speaker}"; {_ANEW}')
    _check_transcript(made)
    return Existing(folder, settings, made.about.speaker, made)


def _replaced(folder: Path) -> PreparedSet | None:
    """Return the set that is given up; None for one that is damaged."""
    try:
        return PreparedSet.read(folder)
    except RecipeError:
        return None


def _check_settings(made: PreparedSet, settings: Settings) -> None:
    old, new = made.about.settings, asdict(settings)
    other = [f"{name} {old.get(name)!r}" for name in new if old.get(name) != new[name]]
    if other:
        raise RecipeError(f"{made.folder} was prepared with {listed(other)}; {_ANEW}")


def _check_transcript(made: PreparedSet) -> None:
    """Refuse to write over a transcript that somebody has edited."""
    path = made.folder / TRANSCRIPT
    if path.is_file() and path.read_text("utf-8") != transcript(made.rows):
        raise RecipeError(
            f"{path} has corrections that are not in the set yet; apply them first: "
            f"vocable speak correct {made.folder} {path}"
        )
