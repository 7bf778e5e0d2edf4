"""Work on one document ends in time, and whoever set a limit before keeps it."""

import signal
import threading
import time

import pytest

from seeds.base.deadline import time_limit
from seeds.base.errors import InputError


def work_for_ever(seconds: float) -> None:
    with time_limit(seconds):
        while True:
            try:
                time.sleep(0.01)
            except Exception:  # as libraries do
                continue


def test_work_that_takes_too_long_is_ended_whatever_errors_it_catches() -> None:
    begin = time.monotonic()
    with pytest.raises(InputError, match=r"^took more than 0.1 s to read\. Split it"):
        work_for_ever(0.1)
    assert time.monotonic() - begin < 5


def test_the_handler_and_the_timer_of_others_are_as_before() -> None:
    rung: list[int] = []
    handler = signal.signal(signal.SIGALRM, lambda number, _: rung.append(number))
    before = signal.setitimer(signal.ITIMER_REAL, 100)
    try:
        with time_limit(10):
            assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 10
        assert 90 < signal.getitimer(signal.ITIMER_REAL)[0] <= 100
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with time_limit(10):  # the earlier limit is closer
            time.sleep(0.2)
        assert rung == [signal.SIGALRM]
    finally:
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, *before)


def test_in_another_thread_work_goes_on_without_a_limit() -> None:
    done: list[bool] = []

    def work() -> None:
        with time_limit(0.05):
            time.sleep(0.2)
        done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
