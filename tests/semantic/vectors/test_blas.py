from __future__ import annotations

from collections.abc import Callable

import pytest

from semantic.vectors import blas
from semantic.vectors.blas import one_thread


@pytest.fixture
def threads() -> Callable[[], int]:
    known = blas._threads()
    if known is None:
        pytest.skip("numpy multiplies with another library")
    return known._read


def test_one_thread_holds_inside_and_is_taken_back_by_the_last_to_leave(threads: Callable[[], int]) -> None:
    before = threads()
    with one_thread():
        with one_thread():
            assert threads() == 1
        assert threads() == 1
    assert threads() == before


def test_one_thread_is_taken_back_after_an_error(threads: Callable[[], int]) -> None:
    before = threads()
    with pytest.raises(ZeroDivisionError), one_thread():
        raise ZeroDivisionError
    assert threads() == before
