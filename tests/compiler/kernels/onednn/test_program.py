"""Loading oneDNN, errors, scratch memory, threads."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from kerasish import config
from kerasish.compiler import openmp
from kerasish.compiler.kernels.onednn import api, library, matmul, program
from kerasish.errors import BackendError

needs_library = pytest.mark.skipif(
    library.unavailable() is not None, reason=f"oneDNN: {library.unavailable()}"
)


def run(code, **environment):
    """stdout of a fresh interpreter."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "KERASISH_"))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env | environment, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return done.stdout.strip()


MAPPED = "print('libdnnl' in open('/proc/self/maps').read())"


@pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="needs /proc")
@needs_library
def test_importing_loads_no_library():
    modules = "conv, library, matmul, pool, program"
    code = f"from kerasish.compiler.kernels.onednn import {modules}\n{MAPPED}\n"
    assert run(code) == "False"
    assert run(f"{code}\nlibrary.load()\n{MAPPED}").split() == ["False", "True"]


@needs_library
def test_threads_of_the_pool():
    code = (
        "import os\nfrom kerasish.compiler import openmp\n"
        "from kerasish.compiler.kernels.onednn import library\n"
        "library.load()\nset_ = [name for name in os.environ if 'OMP_' in name]\n"
        "print(openmp.load().omp_get_max_threads(), set_)"
    )
    assert run(code, KERASISH_NUM_THREADS="3") == "3 []"


def test_environment_for_openmp(monkeypatch):
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KERASISH_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    assert list(openmp.wanted_environment()) == ["GOMP_SPINCOUNT"]
    monkeypatch.setenv("KERASISH_NUM_THREADS", "2")
    assert openmp.wanted_environment()["OMP_NUM_THREADS"] == "2"
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    assert "GOMP_SPINCOUNT" not in openmp.wanted_environment()


@pytest.mark.parametrize(
    ("own", "everybodys", "threads"),
    [("3", "2", 3), ("", "7", 7), ("", "5,2", 5), ("", "many", None), ("", "0", None)],
)
def test_threads_that_the_environment_names(monkeypatch, own, everybodys, threads):
    monkeypatch.setenv("KERASISH_NUM_THREADS", own)
    monkeypatch.setenv("OMP_NUM_THREADS", everybodys)
    assert config.num_threads() == (threads or len(os.sched_getaffinity(0)))


@pytest.fixture
def nothing_loaded():
    library._load.cache_clear()
    yield
    library._load.cache_clear()


@pytest.mark.usefixtures("nothing_loaded")
def test_absence_has_a_reason(monkeypatch):
    monkeypatch.setattr(library, "candidates", lambda: iter(()))
    assert "pip install 'kerasish[fast]'" in (library.unavailable() or "")
    with pytest.raises(BackendError, match=r"libdnnl\.so\.3 is not installed"):
        library.load()


@pytest.mark.usefixtures("nothing_loaded")
def test_a_broken_file_is_named(monkeypatch, tmp_path):
    broken = tmp_path / "libdnnl.so.3"
    broken.write_bytes(b"not a library")
    monkeypatch.setattr(library, "candidates", lambda: iter([str(broken)]))
    assert str(broken) in (library.unavailable() or "")


@needs_library
def test_a_failed_call_is_an_error_with_its_status():
    with pytest.raises(api.OneDNNError, match="invalid_arguments"):
        api.Desc.strided((2, -5), (1, 1), "float32")


@needs_library
def test_scratch_moves_its_memories_when_it_grows(monkeypatch):
    scratch = program.Scratch()
    monkeypatch.setattr(program, "SCRATCH", scratch)
    a = np.arange(12, dtype="f4").reshape(3, 4)[:, ::-1]
    b = np.random.default_rng(0).standard_normal((8, 6), dtype="f4")[::2, ::2]
    y = np.empty((3, 3), "f4")
    step = matmul.bind_matmul(a, b, y)
    step()
    small = scratch.nbytes
    assert small > 0
    scratch.reserve(1 << 20)
    scratch._buffer[...] = 0xFF
    y[...] = 0
    step()
    np.testing.assert_allclose(y, a @ b, rtol=1e-5)
    assert scratch.nbytes > small
    del step
    gc.collect()
    assert not scratch._memories


@needs_library
def test_steps_run_in_any_thread_at_once():
    rng = np.random.default_rng(0)
    jobs = []
    for size in (96, 33, 64, 17):
        a, b = rng.standard_normal((2, size, 2 * size), dtype="f4")[:, :, ::2]
        y = np.empty((size, size), "f4")
        jobs.append((matmul.bind_matmul(a, b[:, ::-1], y), y, a @ b[:, ::-1]))
    wrong = []

    def work(step, y, want):
        for _ in range(50):
            y[...] = np.nan
            step()
            if not np.allclose(y, want, rtol=1e-4, atol=1e-4):
                wrong.append(want.shape)

    threads = [threading.Thread(target=work, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@needs_library
def test_a_step_keeps_its_arrays_alive():
    a, b = np.ones((40, 40), "f4"), np.ones((40, 40), "f4")
    y = np.empty((40, 40), "f4")
    step = matmul.bind_matmul(a, b, y)
    del a, b
    gc.collect()
    step()
    assert (y == 40).all()
