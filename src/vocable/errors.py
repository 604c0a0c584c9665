"""Define the exceptions of vocable.

VocableError
├── AudioError    a recording cannot be read, written or used        (also ValueError)
├── TokenError    tokens, specs, layouts or ids do not fit            (also ValueError)
├── FormatError   a token file is damaged, hostile or unknown         (also ValueError)
├── ModelError    a model, checkpoint or block cannot be used so      (also ValueError)
├── MeasureError  a measure is not defined for this input             (also ValueError)
└── RecipeError   a training recipe, manifest or run cannot be used   (also ValueError)

Each is one line: what was wanted, what came, what to do. A file that does not exist, is a folder,
or exists already keeps its built-in class (FileNotFoundError, IsADirectoryError, FileExistsError).
"""


class VocableError(Exception):
    """The root of all errors that vocable raises on purpose."""


class AudioError(VocableError, ValueError):
    """A recording cannot be read, written or used."""


class TokenError(VocableError, ValueError):
    """Tokens, a token spec, a layout or ids do not fit together."""


class FormatError(VocableError, ValueError):
    """A token file is damaged, hostile, or of an unknown kind."""


class ModelError(VocableError, ValueError):
    """A model, a checkpoint or a block cannot be used in this way."""


class MeasureError(VocableError, ValueError):
    """A measure is not defined for this input."""


class RecipeError(VocableError, ValueError):
    """A training recipe, a manifest or a run cannot be used."""
