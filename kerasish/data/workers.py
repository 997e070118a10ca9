"""Threads that work for a source of data, and never keep the program from ending."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import Empty, SimpleQueue
from typing import Any

Task = tuple[Future[Any], Callable[..., Any], tuple[Any, ...], dict[str, Any]]


PREFIX = "kerasish-"  # of the names of all threads of data


def may_wait(begun_by: int) -> bool:
    """Whether the thread that is running may wait for threads that another one began.

    The collector of garbage ends iterators that nobody holds, in whichever thread it runs; in a
    worker it would wait for threads that wait for that worker.

    Args:
        begun_by: the identity of the thread that began them.
    """
    here = threading.current_thread()
    return here.ident == begun_by or not here.name.startswith(PREFIX)


class Threads(Executor):
    """A pool of daemon threads.

    The one of the standard library waits at exit for whatever its threads do, so that a program
    whose worker blocks does not come back from Ctrl-C.
    """

    def __init__(self, count: int, name: str) -> None:
        """Args:
        count: how many threads.
        name: what they are called, behind `PREFIX`.
        """
        self._begun_by = threading.get_ident()
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._threads = [
            threading.Thread(
                target=_serve, args=(self._tasks,), name=f"{PREFIX}{name}-{i}", daemon=True
            )
            for i in range(count)
        ]
        self._end = weakref.finalize(self, _end, self._tasks, count)
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have `fn` called in a thread."""
        future: Future[Any] = Future()
        self._tasks.put((future, fn, args, kwargs))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the threads; `wait` until they have ended."""
        if cancel_futures:
            _cancel(self._tasks)
        self._end()
        for thread in self._threads if wait and may_wait(self._begun_by) else ():
            thread.join()


class _Answer:
    """Within it a future is given its result; an error becomes its error."""

    def __init__(self, future: Future[Any]) -> None:
        self.future = future

    def __enter__(self) -> Future[Any]:
        return self.future

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if error is not None:
            self.future.set_exception(error)  # whoever asks for the result raises it
        return True


def _serve(tasks: SimpleQueue[Task | None]) -> None:
    while (task := tasks.get()) is not None:
        future, fn, args, kwargs = task
        if future.set_running_or_notify_cancel():
            with _Answer(future):
                future.set_result(fn(*args, **kwargs))
        del task, future, fn, args, kwargs  # nothing lives on while the thread waits


def _cancel(tasks: SimpleQueue[Task | None]) -> None:
    while True:
        try:
            task = tasks.get_nowait()
        except Empty:
            return
        if task is not None:
            task[0].cancel()


def _end(tasks: SimpleQueue[Task | None], count: int) -> None:
    for _ in range(count):
        tasks.put(None)
