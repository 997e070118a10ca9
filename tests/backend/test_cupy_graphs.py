"""The recorder of CUDA graphs, on a pretended `cupy.cuda` that keeps CUDA's rules of capture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kerasish.backend.cupy_graphs import Recorded, Recorder


class FakeStream:
    """A stream: work given to it while it captures is kept instead of done."""

    def __init__(self, cuda: FakeCuda) -> None:
        self.cuda = cuda
        self.captured: list[Callable[[], None]] | None = None
        self.spoiled = False

    def __enter__(self) -> FakeStream:
        self.cuda.streams.append(self)
        return self

    def __exit__(self, *error: object) -> None:
        self.cuda.streams.pop()

    def begin_capture(self) -> None:
        assert self.captured is None, "a capture is still open"
        self.captured, self.spoiled = [], False

    def end_capture(self) -> Any:
        if self.captured is None:
            raise RuntimeError("not capturing")
        work, self.captured = self.captured, None
        if self.spoiled:
            raise RuntimeError("cudaErrorStreamCaptureInvalidated")
        return FakeGraph(work)


class FakeGraph:
    """Kept work, which `launch` does."""

    def __init__(self, work: list[Callable[[], None]]) -> None:
        self.work = work

    def launch(self) -> None:
        for each in self.work:
            each()


class FakeCuda:
    """`cupy.cuda`: one current stream, pools, and what kernels, copies and waiting do."""

    def __init__(self) -> None:
        self.streams: list[FakeStream] = []
        self.pools: list[Any] = []
        self.allocators: list[Any] = []
        self.done: list[str] = []

    def Stream(self, non_blocking: bool) -> FakeStream:
        assert non_blocking
        return FakeStream(self)

    def MemoryPool(self) -> Any:
        cuda = self

        class Pool:
            def malloc(self, size: int) -> int:
                return size

        self.pools.append(Pool())
        return cuda.pools[-1]

    def using_allocator(self, allocator: Any) -> Any:
        cuda = self

        class Using:
            def __enter__(self) -> None:
                cuda.allocators.append(allocator)

            def __exit__(self, *error: object) -> None:
                cuda.allocators.pop()

        return Using()

    def kernel(self, name: str) -> Callable[[], None]:
        """A call that launches one kernel."""

        def call() -> None:
            stream = self.streams[-1] if self.streams else None
            if stream is None or stream.captured is None:
                self.done.append(name)
            else:
                stream.captured.append(lambda: self.done.append(name))

        return call

    def waits(self, name: str, spoils: bool) -> Callable[[], None]:
        """A call that waits for the device, which no capture allows."""

        def call() -> None:
            if self.streams:
                self.streams[-1].spoiled = spoils
                if not spoils:
                    self.streams[-1].captured = None  # the error has ended the capture
                raise RuntimeError("cudaErrorStreamCaptureUnsupported")
            self.done.append(name)

        return call


class FakeCupy:
    """A module with `cuda` alone."""

    def __init__(self) -> None:
        self.cuda = FakeCuda()


@pytest.fixture
def cuda() -> FakeCuda:
    return FakeCuda()


def recorded(cuda: FakeCuda, calls: list[Any]) -> list[Any]:
    module = FakeCupy()
    module.cuda = cuda
    made = Recorder(module).recorded(calls)
    assert not cuda.streams
    assert not cuda.allocators
    return made


def replay(cuda: FakeCuda, calls: list[Any]) -> list[str]:
    """What is done, in order."""
    cuda.done.clear()
    for call in calls:
        call()
    return list(cuda.done)


def counts(calls: list[Any]) -> list[int]:
    """How many calls each stands for; 0 for one left as it was."""
    return [c.count if isinstance(c, Recorded) else 0 for c in calls]


def test_calls_that_only_launch_become_one(cuda: FakeCuda) -> None:
    made = recorded(cuda, [cuda.kernel(n) for n in "abc"])
    assert cuda.done == []  # nothing ran while it was recorded
    assert counts(made) == [3]
    assert replay(cuda, made) == replay(cuda, made) == ["a", "b", "c"]
    assert len(cuda.pools) == 1


@pytest.mark.parametrize("count", [0, 1])
def test_what_is_too_short_is_left_alone(cuda: FakeCuda, count: int) -> None:
    calls = [cuda.kernel("a")] * count
    assert recorded(cuda, calls) == calls


def test_a_call_that_decides_stands_between_recordings(cuda: FakeCuda) -> None:
    decides: Any = cuda.kernel("d")
    decides.decides = True
    made = recorded(cuda, [*map(cuda.kernel, "ab"), decides, *map(cuda.kernel, "ef")])
    assert counts(made) == [2, 0, 2]
    assert made[1] is decides
    assert replay(cuda, made) == ["a", "b", "d", "e", "f"]


@pytest.mark.parametrize("spoils", [True, False], ids=["capture_open", "capture_ended"])
@pytest.mark.parametrize(
    ("names", "want"),
    [("abWcd", [2, 0, 2]), ("Wab", [0, 2]), ("abW", [2, 0]), ("aWb", [0, 0, 0]), ("WW", [0, 0])],
)
def test_a_call_that_raises_is_left_and_the_rest_recorded(
    cuda: FakeCuda, spoils: bool, names: str, want: list[int]
) -> None:
    calls = [cuda.waits(n, spoils) if n == "W" else cuda.kernel(n) for n in names]
    made = recorded(cuda, calls)
    assert counts(made) == want
    assert replay(cuda, made) == list(names)


def test_a_capture_that_fails_only_at_its_end_is_given_up(cuda: FakeCuda) -> None:
    launch = cuda.kernel("s")

    def silently_spoils() -> None:
        if cuda.streams:
            cuda.streams[-1].spoiled = True
        launch()

    made = recorded(cuda, [cuda.kernel("a"), cuda.kernel("b"), silently_spoils])
    assert replay(cuda, made) == ["a", "b", "s"]
    assert counts(made) == [2, 0]


def test_another_error_is_not_swallowed(cuda: FakeCuda) -> None:
    def wrong() -> None:
        raise TypeError("a mistake in the call itself")

    module = FakeCupy()
    module.cuda = cuda
    recorder = Recorder(module)
    with pytest.raises(TypeError, match="mistake"):
        recorder.recorded([cuda.kernel("a"), wrong])
    made = recorder.recorded([cuda.kernel("a"), cuda.kernel("b")])
    assert replay(cuda, made) == ["a", "b"]
