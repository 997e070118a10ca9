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
from kerasish.errors import ArgumentError, BackendError, UnknownNameError
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


def test_a_second_kernel_of_one_provider_for_one_op_says_how_to_replace_the_first() -> None:
    first = library()
    with pytest.raises(ArgumentError, match=r"'sin' of library.*kernel\(\.\.\., replace=True\)"):
        library()
    second = library(replace=True)
    function(ops.sin)(X)
    assert (len(first), len(second)) == (0, 1)
    assert len(library("library", backend="cupy")) == 0  # for other arrays it is no second one


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "numpyy"}, "'sin', backend.*Did you mean 'numpy'"),
        ({"supports": True}, "'sin', supports. Expected: a function. Received: True"),
        ({"supports": "float32"}, "'sin', supports. Expected: a function"),
        ({"inplace": True}, "'sin', inplace. Expected: a tuple of places"),
        ({"inplace": 0}, "'sin', inplace. Expected: a tuple of places"),
        ({"inplace": ("x",)}, "'sin', inplace. Expected: a tuple of places"),
    ],
)
def test_what_a_kernel_is_registered_with_is_checked(options: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        library(**options)
    with pytest.raises(ArgumentError, match=r"A kernel for 'sin'. Expected: a function"):
        kernel(get("sin"), provider="llvm")(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["llvm", "reference", "library"])
def test_the_name_of_a_provider_is_new(name: str) -> None:
    library()
    with pytest.raises(ArgumentError, match=rf"provider\('{name}'\). Expected: a new name"):
        provider(name, lambda: None, "nothing")
    provider("library", lambda: "gone", "nothing", replace=True)
    assert not active("library")


@pytest.mark.parametrize("reason", [True, False, 3])
def test_why_a_provider_cannot_run_is_a_text(reason: Any) -> None:
    provider("library", lambda: reason, "nothing")
    with pytest.raises(ArgumentError, match=rf"unavailable\(\). Expected: the reason.*{reason}"):
        active("library")
    with pytest.raises(ArgumentError, match="name and adds as texts"):
        provider("other", lambda: None, 3)  # type: ignore[arg-type]


@pytest.mark.parametrize("switch", [disable_provider, enable_provider])
def test_only_providers_that_there_are_can_be_switched(switch: Any) -> None:
    with pytest.raises(ArgumentError, match=r"Expected: one of .*'onednnn'. Did you mean 'onednn'"):
        switch("onednnn")


def bound(bind: Any) -> Any:
    """What sin gives by a kernel; its errors are those of a user's."""
    provider("library", lambda: None, "nothing")
    kernel("sin", provider="library")(bind)
    return function(ops.sin)(X)


@pytest.mark.parametrize(
    ("step", "returns"),
    [
        (lambda x, out: np.sin(x), "a ndarray"),
        (lambda x, out: None, "none"),
    ],
)
def test_a_step_that_does_not_write_its_output_is_told(step: Any, returns: str) -> None:
    with pytest.raises(BackendError, match=rf"library for 'sin'. .*{returns}.*outputs\[0\]\[...\]"):
        bound(lambda node, inputs, outputs: lambda: step(inputs[0], outputs[0]))


def test_a_kernel_that_runs_while_it_is_bound_is_told() -> None:
    def bind(node: Node, inputs: Any, outputs: Any) -> Any:
        np.sin(inputs[0], out=outputs[0])
        return lambda: None

    with pytest.raises(BackendError, match="Received: none"):
        bound(bind)


@pytest.mark.parametrize(
    ("bind", "kind"),
    [
        (lambda inputs, outputs: None, TypeError),
        (lambda node, inputs, outputs: lambda: inputs[0].fill(7), ValueError),
        (lambda node, inputs, outputs: lambda: outputs.__setitem__(0, inputs[0]), AttributeError),
        (lambda node, inputs, outputs: lambda x: None, TypeError),
    ],
)
def test_a_kernel_of_the_wrong_form_is_told_what_it_does(bind: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        bound(bind)
    assert "the kernel of library for 'sin'" in caught.value.__notes__[0]
    assert "`inputs` are never written to" in caught.value.__notes__[0]


def test_a_step_runs_as_it_is_once_it_has_been_tried() -> None:
    library()
    f = function(ops.sin)
    f(X)
    assert [type(call).__name__ for call in f.plan_for(F4)._calls] == ["function"]


def test_an_error_in_supports_names_the_kernel() -> None:
    library(supports=lambda node: node.dtypo)
    with pytest.raises(AttributeError) as caught:
        function(ops.sin)(X)
    assert "supports(node) of the kernel of library" in caught.value.__notes__[0]
