"""Sparse gradients: only rows that can change are updated, with the results of the whole sweep."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.backend.base import current
from kerasish.compiler import Plan, passes
from kerasish.compiler.codegen import llvm_jit
from kerasish.compiler.passes.rows import SMALL, rows
from kerasish.graph import Graph, trace

pytestmark = pytest.mark.skipif(
    llvm_jit.unavailable() is not None, reason=f"LLVM: {llvm_jit.unavailable()}"
)
WIDTH = 24  # not a multiple of a vector
WORDS = SMALL // WIDTH + 1
RNG = np.random.default_rng(3)
X = RNG.integers(0, WORDS, (70, 9))
Y = RNG.integers(0, 3, 70)

MAKERS: dict[str, tuple[Any, bool]] = {
    "sgd": (lambda: keras.optimizers.SGD(0.1), True),
    "momentum": (lambda: keras.optimizers.SGD(0.1, momentum=0.9), True),
    "nesterov": (lambda: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True), True),
    "adam": (lambda: keras.optimizers.Adam(0.01), True),
    "amsgrad": (lambda: keras.optimizers.Adam(0.01, amsgrad=True), True),
    "accumulated": (lambda: keras.optimizers.Adam(0.01, gradient_accumulation_steps=2), True),
    "nadam": (lambda: keras.optimizers.Nadam(0.01), True),
    "adamax": (lambda: keras.optimizers.Adamax(0.01), True),
    "lion": (lambda: keras.optimizers.Lion(0.01), True),
    "rmsprop": (lambda: keras.optimizers.RMSprop(0.01), True),
    "adagrad": (lambda: keras.optimizers.Adagrad(0.1), True),
    "weight decay": (lambda: keras.optimizers.AdamW(0.01), False),
    "clipped by norm": (lambda: keras.optimizers.Adam(0.01, clipnorm=0.1), False),
    "average": (lambda: keras.optimizers.SGD(0.1, use_ema=True), False),
}


def model(optimizer: Any, policy: str = "float32") -> Any:
    keras.utils.set_random_seed(5)
    made = keras.Sequential(
        [
            keras.Input((9,), dtype="int32"),
            keras.layers.Embedding(WORDS, WIDTH, dtype=policy),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(3),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    made.compile(optimizer, loss)
    return made


def trained(optimizer: Any, policy: str = "float32", x: np.ndarray = X) -> tuple[Any, Any]:
    """A model after some steps, the last one smaller; and what its optimizer holds."""
    made = model(optimizer, policy)
    made.fit(x, Y, batch_size=16, epochs=2, shuffle=False, verbose=0)
    return made, [v.numpy() for v in (*made.variables, *made.optimizer.variables)]


def swept(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = [(n, p) for n, p in passes.PIPELINE if n != "rows"]
    monkeypatch.setattr(passes, "PIPELINE", pipeline)


def is_sparse(made: Any) -> bool:
    return "update_rows(" in made.graph(X[:16], Y[:16], stage="plan")


@pytest.mark.parametrize("name", MAKERS)
def test_equals_the_whole_sweep(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, sparse = MAKERS[name]
    made, got = trained(make())
    assert is_sparse(made) is sparse
    swept(monkeypatch)
    made, want = trained(make())
    assert not is_sparse(made)
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)


def test_negative_ids_and_mixed_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    x = X - WORDS
    made, got = trained(keras.optimizers.Adam(0.01), "mixed_bfloat16", x)
    assert is_sparse(made)
    swept(monkeypatch)
    _, want = trained(keras.optimizers.Adam(0.01), "mixed_bfloat16", x)
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)


def test_slots_that_others_wrote_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Moments assigned from outside move their rows too, though no batch has named them."""

    def run() -> Any:
        made, _ = trained(keras.optimizers.Adam(0.01))
        slot = next(v for v in made.optimizer.variables if v.shape == (WORDS, WIDTH))
        slot.assign(np.ones((WORDS, WIDTH), "float32"))
        made.fit(X[:16], Y[:16], batch_size=16, verbose=0)
        return made, made.get_weights()[0]

    made, got = run()
    assert is_sparse(made)
    swept(monkeypatch)
    _, want = run()
    np.testing.assert_array_equal(got, want)


def test_plans_that_sweep_make_account_impossible(monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> Any:
        made, _ = trained(keras.optimizers.SGD(0.1, momentum=0.9))
        slot = next(v for v in made.optimizer.variables if v.shape == (WORDS, WIDTH))
        shaken = keras.function(lambda: slot.assign(slot + 1.0))
        for _ in range(2):
            shaken()
            made.fit(X[:16], Y[:16], batch_size=16, verbose=0)
        return made.get_weights()[0]

    got = run()
    swept(monkeypatch)
    np.testing.assert_array_equal(got, run())


def test_the_plan_and_no_pass_says_that_a_variable_is_swept() -> None:
    table = keras.Variable(np.zeros((WORDS, WIDTH), "float32"))
    func = keras.function(lambda: table.assign(table + 1.0))
    traced, _ = trace(func.func, [])
    graph = passes.optimize(traced, current())
    assert not table.swept
    Plan(graph)
    assert table.swept


def test_memory_counts_what_it_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = trained(keras.optimizers.Adam(0.01))
    few = made.memory(X[:16], Y[:16]).total
    swept(monkeypatch)
    made, _ = trained(keras.optimizers.Adam(0.01))
    table = 4 * WORDS * WIDTH
    whole = made.memory(X[:16], Y[:16]).total
    assert whole - table < few < whole  # no gradient as large as the table, but lists of rows


def test_an_index_out_of_range_is_refused() -> None:
    made = model(keras.optimizers.SGD(0.1))
    x = X[:16].copy()
    x[3, 2] = WORDS
    with pytest.raises(keras.errors.ArgumentError, match="out of range"):
        made.fit(x, Y[:16], batch_size=16, verbose=0)


def test_small_tables_and_full_batches_are_swept() -> None:
    keras.utils.set_random_seed(5)
    made = keras.Sequential(
        [keras.Input((9,), dtype="int32"), keras.layers.Embedding(50, 8), keras.layers.Flatten(),
         keras.layers.Dense(3)]
    )  # fmt: skip
    made.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert "update_rows(" not in made.graph(X[:16] % 50, Y[:16], stage="plan")


def test_a_graph_without_tables_stays() -> None:
    graph = Graph((), ())
    assert rows(graph, keras.backend.base.current()) is graph  # type: ignore[attr-defined]
