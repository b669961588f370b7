"""Drive many computations: their waits run side by side in threads, everything else in the caller's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from podfit.index.threads import side_by_side
from podfit.model.steps import Steps, Wait, finish

if TYPE_CHECKING:
    from concurrent.futures import Future

_T = TypeVar("_T")


def finish_all(jobs: Sequence[Steps[_T]], threads: int) -> tuple[_T, ...]:
    """Return the result of each job, in order; at most so many of their waits run at the same time.

    A job that fails stops no other: when all have ended, the first error in the order of jobs is raised.
    """
    if len(jobs) == 1:
        return (finish(jobs[0]),)
    from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

    results: dict[int, _T] = {}
    errors: dict[int, Exception] = {}
    running: dict[Future[object], int] = {}
    with ThreadPoolExecutor(max(1, min(threads, len(jobs))), thread_name_prefix="podfit-wait") as pool:

        def advance(number: int, resume: Callable[[], Wait]) -> None:
            """Compute a job up to its next wait, or to its end."""
            try:
                running[pool.submit(resume().call)] = number
            except StopIteration as end:
                results[number] = end.value
            except Exception as error:  # raised below, when the others have ended
                errors[number] = error

        try:
            for number, job in enumerate(jobs):
                advance(number, lambda job=job: next(job))  # type: ignore[misc]
            while running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in sorted(done, key=running.__getitem__):
                    number = running.pop(future)
                    advance(number, _resume(jobs[number], future))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
        finally:
            for job in jobs:
                job.close()
    if errors:
        raise errors[min(errors)]
    return tuple(results[number] for number in range(len(jobs)))


def _resume(job: Steps[_T], future: Future[object]) -> Callable[[], Wait]:
    """Return what hands the outcome of a wait to its job."""
    error = future.exception()
    if error is not None:
        return lambda: job.throw(error)
    return lambda: job.send(future.result())


def together(jobs: Sequence[Steps[_T]]) -> Steps[list[_T]]:
    """Return the result of each job, in order, as part of one computation: their waits run side by side.

    The first error of a job is raised, and the others end there.
    """
    results: dict[int, _T] = {}
    waiting: dict[int, Wait] = {}

    def advance(number: int, resume: Callable[[], Wait]) -> None:
        try:
            waiting[number] = resume()
        except StopIteration as end:
            results[number] = end.value

    try:
        for number, job in enumerate(jobs):
            advance(number, partial(next, job))
        while waiting:
            asked = dict(waiting)
            waiting.clear()
            calls = [each.call for each in asked.values()]
            outcomes = yield Wait(partial(side_by_side, _outcome, calls, len(calls), "together"))
            for number, (value, error) in zip(asked, outcomes, strict=True):
                job = jobs[number]
                advance(number, partial(job.send, value) if error is None else partial(job.throw, error))
    finally:
        for job in jobs:
            job.close()
    return [results[number] for number in range(len(jobs))]


def _outcome(call: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """Return what a call returns, or its error."""
    try:
        return call(), None
    except Exception as error:  # handed to who waits for it
        return None, error
