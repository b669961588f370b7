"""Waits run side by side, computing happens in the caller's thread alone."""

from __future__ import annotations

import threading

import pytest

from podfit.fit.drive import finish_all, together
from podfit.model.steps import Wait, finish


def _adds(*values):
    """A job that waits for each value and returns their sum, with the threads that it computed in."""
    threads = {threading.get_ident()}
    total = 0
    for value in values:
        total += yield Wait(lambda value=value: value)
        threads.add(threading.get_ident())
    return total, threads


def test_results_come_in_the_order_of_the_jobs_and_are_computed_in_one_thread():
    assert finish_all([_adds(1, 2), _adds(), _adds(3)], 4) == tuple(
        (total, {threading.get_ident()}) for total in (3, 0, 3)
    )
    assert finish_all([_adds(5)], 4) == ((5, {threading.get_ident()}),)
    assert finish_all([], 4) == ()


def test_waits_of_different_jobs_run_at_the_same_time():
    meeting = threading.Barrier(3, timeout=30)

    def job():
        yield Wait(meeting.wait)
        yield Wait(meeting.wait)
        return threading.get_ident()

    assert set(finish_all([job(), job(), job()], 3)) == {threading.get_ident()}


def test_an_error_of_a_wait_is_raised_where_the_job_waits():
    def job():
        try:
            yield Wait(lambda: 1 // 0)
        except ZeroDivisionError:
            return (yield Wait(lambda: "answered"))

    assert finish(job()) == "answered"
    assert finish_all([job(), _adds(1)], 2)[0] == "answered"


def test_one_error_stops_no_other_job_and_the_first_in_order_is_raised():
    ended = []

    def fails(name):
        yield Wait(lambda: None)
        raise ValueError(name)

    def ends():
        yield Wait(lambda: None)
        ended.append((yield Wait(lambda: "whole")))

    with pytest.raises(ValueError, match="first"):
        finish_all([ends(), fails("first"), fails("second"), ends()], 2)
    assert ended == ["whole", "whole"]


def test_an_interrupt_closes_every_job():
    closed = []

    def waits():
        try:
            yield Wait(lambda: None)
            yield Wait(lambda: None)
        finally:
            closed.append(True)

    def interrupts():
        yield Wait(lambda: None)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finish_all([interrupts(), waits(), waits()], 1)
    assert closed == [True, True]


def test_jobs_that_are_part_of_one_computation_wait_at_the_same_time():
    meeting = threading.Barrier(3, timeout=30)

    def job(waits):
        for _ in range(waits):
            yield Wait(meeting.wait)
        return waits, threading.get_ident()

    assert finish(together([job(2), job(2), job(2)])) == [(2, threading.get_ident())] * 3
    assert finish(together([_adds(1, 2), _adds(), _adds(3)])) == [
        (total, {threading.get_ident()}) for total in (3, 0, 3)
    ]
    assert finish(together([])) == []


def test_a_job_that_is_part_of_one_computation_meets_its_error_and_the_others_end():
    ended = []

    def fails():
        try:
            yield Wait(lambda: 1 // 0)
        except ZeroDivisionError:
            return "answered"

    def goes_on():
        try:
            yield Wait(lambda: None)
            yield Wait(lambda: None)
        finally:
            ended.append("closed")

    def raises():
        yield Wait(lambda: None)
        raise ValueError("no")

    assert finish(together([fails()])) == ["answered"]
    with pytest.raises(ValueError, match="no"):
        finish(together([goes_on(), raises()]))
    assert ended == ["closed"]
