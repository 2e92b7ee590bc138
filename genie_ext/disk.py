"""Says what went wrong with a file or a disk."""

from __future__ import annotations

import errno

HINT = "Free some space, or name a file or folder that can be used."
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def explain(what: str, error: OSError) -> str:
    """Return what failed, why, and the path where the system names one."""
    path = f" ({error.filename})" if error.filename else ""
    return f"{what}: {error.strerror or error}{path}."


def is_full(error: BaseException | None) -> bool:
    """Return True where nothing more can be written."""
    return isinstance(error, OSError) and error.errno in _FULL
