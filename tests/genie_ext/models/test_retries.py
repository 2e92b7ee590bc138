"""What is tried again, how often, and after how long."""

from __future__ import annotations

import threading

import pytest

from genie_ext.errors import (
    ModelAccessError,
    ModelBusyError,
    ModelDownError,
    ModelReplyError,
    ModelRequestError,
    ModelStoppedError,
    ModelTimeoutError,
)
from genie_ext.models.base import Cancel
from genie_ext.models.retries import LONGEST_WAIT_S, wait_before, with_retries


class Calls:
    """A call that fails in given ways, then returns its number."""

    def __init__(self, *errors):
        self.errors, self.count = errors, 0

    def __call__(self):
        self.count += 1
        if self.count <= len(self.errors):
            raise self.errors[self.count - 1]
        return self.count


class Waits(Cancel):
    """Notes what would be waited."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def wait(self, seconds):
        self.seconds.append(seconds)


def test_a_call_that_works_is_made_once():
    calls = Calls()
    assert with_retries(calls) == 1 == calls.count


def test_a_busy_or_broken_server_is_tried_again():
    calls, waits = Calls(ModelBusyError("busy"), ModelDownError("down")), Waits()
    assert with_retries(calls, cancel=waits) == 3
    assert 0 <= waits.seconds[0] <= 0.5
    assert 0 <= waits.seconds[1] <= 1


def test_the_last_error_is_raised_after_the_last_attempt():
    calls, last = Calls(ModelDownError("1"), ModelDownError("2"), ModelDownError("3")), Waits()
    with pytest.raises(ModelDownError, match="3"):
        with_retries(calls, attempts=3, cancel=last)
    assert (calls.count, len(last.seconds)) == (3, 2)


@pytest.mark.parametrize(
    "kind", [ModelAccessError, ModelRequestError, ModelReplyError, ModelStoppedError, ModelTimeoutError]
)
def test_what_a_moment_does_not_mend_is_not_tried_again(kind):
    calls = Calls(kind("no"))
    with pytest.raises(kind):
        with_retries(calls, cancel=Waits())
    assert calls.count == 1


def test_the_wait_a_server_asks_for_is_kept_and_one_too_long_is_not_waited_for():
    calls, waits = Calls(ModelBusyError("busy", wait_s=7)), Waits()
    assert with_retries(calls, cancel=waits) == 2
    assert waits.seconds == [7]
    calls = Calls(ModelBusyError("busy", wait_s=LONGEST_WAIT_S + 1))
    with pytest.raises(ModelBusyError):
        with_retries(calls, cancel=waits)
    assert (calls.count, waits.seconds) == (1, [7])


def test_waits_grow_differ_and_have_an_end():
    error = ModelDownError("down")
    for attempt, most in ((1, 0.5), (2, 1.0), (3, 2.0), (20, LONGEST_WAIT_S)):
        found = [wait_before(attempt, error) for _ in range(50)]
        assert all(0 <= seconds <= most for seconds in found)
        assert len(set(found)) > 1
    assert max(wait_before(20, error) for _ in range(200)) > 2


def test_a_stop_ends_the_wait_and_no_call_follows():
    cancel, calls = Cancel(), Calls(ModelBusyError("busy", wait_s=15))
    timer = threading.Timer(0.1, cancel.set)
    timer.start()
    with pytest.raises(ModelStoppedError):
        with_retries(calls, cancel=cancel)
    timer.join()
    assert calls.count == 1
