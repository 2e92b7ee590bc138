"""Errors of the semantic layer, one tree.

```
SemanticError
├── LakeError             a path that is not a lake, is empty, locked or broken
├── IndexNotFoundError    the lake has no index yet
├── IndexBusyError        another process is building the index
├── IndexBrokenError      the stored index fails its checksum or cannot be read
├── SourceError           a file of queries, notebooks, models or documents cannot be read
├── ModelError            a file of the semantic model breaks its form; the message names file, line and key
└── EncoderError          model files are missing, wrong or altered
    └── EncoderMismatchError   the index was built with another encoder
```
"""

from __future__ import annotations


class SemanticError(Exception):
    """Base of every error this package raises.

    Args:
        message: What happened and where, one sentence.
        hint: The next step for the user, one sentence, may be empty.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Return the message followed by the hint."""
        return f"{self.message} {self.hint}".strip()


class LakeError(SemanticError):
    """The lake cannot be read: wrong path, empty, locked or damaged."""


class IndexNotFoundError(SemanticError):
    """There is no index for this lake."""


class IndexBusyError(SemanticError):
    """Another process is building this index."""


class IndexBrokenError(SemanticError):
    """The stored index is damaged."""


class SourceError(SemanticError):
    """A file that is read for meaning cannot be read or parsed."""


class ModelError(SemanticError):
    """A file of the semantic model breaks its form."""


class EncoderError(SemanticError):
    """An encoder cannot be loaded."""


class EncoderMismatchError(EncoderError):
    """The index was built with another encoder than the one given."""
