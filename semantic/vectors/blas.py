"""How many threads numpy multiplies matrices with, for the moments when one is faster than all."""

from __future__ import annotations

import ctypes
import importlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

# Where numpy 2 and numpy 1 keep the module that the library is linked to.
_MODULES = ("numpy._core._multiarray_umath", "numpy.core._multiarray_umath")
# One library under the names that it was built with, those of numpy's own wheels first.
_NAMES = tuple((prefix, suffix) for prefix in ("scipy_openblas", "openblas") for suffix in ("64_", ""))


class _Threads:
    """The number of threads, which belongs to the process, and how many want it to be one.

    Args:
        read: Returns the number.
        write: Sets it.
    """

    def __init__(self, read: Callable[[], int], write: Callable[[int], None]) -> None:
        self._read = read
        self._write = write
        self._lock = threading.Lock()
        self._users = 0
        self._before = 1

    def enter(self) -> None:
        """Ask for one thread."""
        with self._lock:
            if not self._users:
                self._before = self._read()
                self._write(1)
            self._users += 1

    def leave(self) -> None:
        """Need it no longer; the last to leave restores the number."""
        with self._lock:
            self._users -= 1
            if not self._users:
                self._write(self._before)


@contextmanager
def one_thread() -> Iterator[None]:
    """Multiply on one thread meanwhile, and on as many as before once nobody is inside.

    A question multiplies by a few rows: a second thread gains little, and on a busy machine every product waits until
    that one gets its turn. Where numpy multiplies with a library other than OpenBLAS, nothing changes.
    """
    threads = _threads()
    if threads is None:
        yield
        return
    threads.enter()
    try:
        yield
    finally:
        threads.leave()


@cache
def _threads() -> _Threads | None:
    for module in _MODULES:
        try:
            library = ctypes.CDLL(importlib.import_module(module).__file__)
        except (ImportError, OSError):
            continue
        for prefix, suffix in _NAMES:
            read, write = f"{prefix}_get_num_threads{suffix}", f"{prefix}_set_num_threads{suffix}"
            if hasattr(library, read) and hasattr(library, write):
                return _Threads(getattr(library, read), getattr(library, write))
    return None
