"""Providers: registration, order, support, switching off, in place, unread outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from kerasish import ops
from kerasish.compiler import Plan, function, kernel, provider
from kerasish.compiler.providers import PROVIDERS, _available, _kernels, active, find
from kerasish.config import disable_provider, enable_provider, settings
from kerasish.errors import UnknownNameError
from kerasish.graph import Node, convert_to_tensor
from kerasish.graph.node import make_node, placeholder
from kerasish.graph.op import get
from kerasish.spec import TensorSpec

F4 = TensorSpec((4,), "float32")
X = convert_to_tensor([1.0, 2.0, 3.0, 4.0])


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """What a test registers is forgotten after it."""
    kernels = {name: list(found) for name, found in _kernels.items()}
    providers, generation = dict(PROVIDERS), settings.generation
    yield
    _kernels.clear()
    _kernels.update(kernels)
    for name in set(PROVIDERS) - set(providers):
        PROVIDERS.pop(name)
        _available.pop(name, None)
        settings.disabled_providers -= {name}
    settings.generation = generation + 1


def library(name: str = "library", here: bool = True, **options: Any) -> list[Node]:
    """Announce a provider whose sin is 100; returns the nodes it has bound."""
    bound: list[Node] = []
    if name not in PROVIDERS:
        provider(name, lambda: None if here else "not here", "nothing")

    @kernel("sin", provider=name, **options)
    def bind(node: Node, inputs: Any, outputs: Any) -> Any:
        bound.append(node)
        return lambda: outputs[0].fill(100)

    return bound


def test_a_kernel_replaces_the_reference() -> None:
    bound = library()
    f = function(ops.sin)
    assert f(X).numpy().tolist() == [100] * 4
    f(X)
    assert len(bound) == 1  # bound once per plan
    assert [s.provider for s in f.plan_for(F4).steps] == ["library"]


def test_the_reference_serves_what_is_not_supported() -> None:
    library(supports=lambda node: node.spec.shape == (1,))
    np.testing.assert_allclose(function(ops.sin)(X).numpy(), np.sin(X.numpy()))


def test_kernels_are_tried_in_the_order_of_registration() -> None:
    first, second = library("first"), library("second")
    function(ops.sin)(X)
    assert (len(first), len(second)) == (1, 0)
    disable_provider("first")
    function(ops.sin)(X)
    assert (len(first), len(second)) == (1, 1)
    enable_provider("first")
    function(ops.sin)(X)
    assert (len(first), len(second)) == (2, 1)


def test_a_provider_that_cannot_run_here_is_asked_once() -> None:
    asked: list[int] = []
    provider("absent", lambda: asked.append(1) or "not here", "nothing")
    assert not active("absent")
    assert not active("absent")
    assert len(asked) == 1
    assert not active("never announced")
    library("absent")
    np.testing.assert_allclose(function(ops.sin)(X).numpy(), np.sin(X.numpy()))


def test_kernels_belong_to_a_backend() -> None:
    library(backend="cupy")
    node = make_node(get("sin"), (placeholder(F4),), {})
    assert find(node, "numpy") is None
    found = find(node, "cupy")
    assert found is not None
    assert found.provider == "library"


def test_an_input_that_dies_may_be_shared() -> None:
    library(inplace=(0,))
    plan: Plan = function(lambda x: ops.sin(ops.cumsum(x, 0))).plan_for(F4)
    assert np.shares_memory(plan.steps[0].outputs[0], plan.steps[1].outputs[0])
    plan = function(lambda x: (y := ops.cumsum(x, 0), ops.sin(y))).plan_for(F4)
    assert not np.shares_memory(plan.steps[0].outputs[0], plan.steps[1].outputs[0])


def test_an_output_that_nobody_reads_is_none() -> None:
    seen: list[list[bool]] = []
    provider("library", lambda: None, "nothing")

    @kernel("top_k", provider="library")
    def bind(node: Node, inputs: Any, outputs: Any) -> Any:
        seen.append([array is None for array in outputs])
        return lambda: outputs[0].fill(7)

    assert function(lambda x: ops.top_k(x, 2)[0])(X).numpy().tolist() == [7, 7]
    assert seen == [[False, True]]


def test_inputs_may_be_strided_views() -> None:
    strides: list[Any] = []
    provider("library", lambda: None, "nothing")

    @kernel("sin", provider="library")
    def bind(node: Node, inputs: Any, outputs: Any) -> Any:
        strides.append(inputs[0].strides)
        assert outputs[0].flags.c_contiguous
        return lambda: np.sin(inputs[0], out=outputs[0])

    x = np.arange(6, dtype="float32").reshape(2, 3)
    np.testing.assert_allclose(
        function(lambda t: ops.sin(ops.transpose(t)))(x).numpy(), np.sin(x.T)
    )
    assert strides == [(4, 12)]


def test_a_kernel_for_something_unknown_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'sin'"):
        kernel("sinn", provider="llvm")
    with pytest.raises(UnknownNameError, match=r"'sin'.*announced.*Did you mean 'llvm'\?"):
        kernel("sin", provider="lvm")


def test_a_kernel_may_outrank_those_that_are_there() -> None:
    earlier = library("earlier")
    bound = library("library", first=True)
    assert function(ops.sin)(X).numpy().tolist() == [100] * 4
    assert (len(earlier), len(bound)) == (0, 1)
    behind = library("behind")
    function(ops.sin)(X)
    assert not behind
