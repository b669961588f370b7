"""Drive many computations: their waits run side by side in threads, everything else in the caller's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from podfit.model.steps import Steps, Wait, finish

if TYPE_CHECKING:
    from concurrent.futures import Future

_T = TypeVar("_T")

_THREADS = 8


def finish_all(jobs: Sequence[Steps[_T]], threads: int) -> tuple[_T, ...]:
    """Return the result of each job, in order; at most so many of their waits run at the same time. Errors as there."""
    return tuple(finish(together(jobs, threads)))


def together(jobs: Sequence[Steps[_T]], threads: int = _THREADS) -> Steps[list[_T]]:
    """Return the result of each job, in order, as one computation: their waits run side by side, at most so many.

    A job goes on when what it waits for is there, whatever the others wait for. One that fails stops no other: when all
    have ended, the first error in the order of jobs is raised.
    """
    if len(jobs) == 1:
        return [(yield from jobs[0])]
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
                advance(number, partial(next, job))
            while running:
                done, _ = yield Wait(partial(wait, tuple(running), return_when=FIRST_COMPLETED))
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
    return [results[number] for number in range(len(jobs))]


def _resume(job: Steps[_T], future: Future[object]) -> Callable[[], Wait]:
    """Return what hands the outcome of a wait to its job."""
    error = future.exception()
    if error is not None:
        return partial(job.throw, error)
    return partial(job.send, future.result())
