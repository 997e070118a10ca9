"""Mistakes in ops, kernels, layers, losses and optimizers of one's own: errors say the mend."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import registry
from kerasish.arguments.rules import Rule
from kerasish.cli.main import main
from kerasish.compiler import function, kernel, provider
from kerasish.compiler.providers import PROVIDERS, _available, _kernels
from kerasish.errors import ArgumentError, GraphError
from kerasish.graph.op import Op, op
from kerasish.ops.basic.elementwise import unary
from kerasish.testing import check_op


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """What a test registers is forgotten after it."""
    ops, kernels = set(registry.names("op")), {name: [*held] for name, held in _kernels.items()}
    yield
    for name in set(registry.names("op")) - ops:
        registry._entries["op"].pop(name)
    _kernels.clear()
    _kernels.update(kernels)
    PROVIDERS.pop("mine", None)
    _available.pop("mine", None)


def fit(optimizer: Any, loss: Any = "mse") -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(optimizer, loss)
    model.fit(np.ones((8, 3)), np.ones((8, 1)), verbose=0)


def test_a_ufunc_that_numpy_lacks_is_an_error_where_the_op_is_declared() -> None:
    with pytest.raises(ArgumentError, match=r"my_op.*numpy ufunc.*'expm'. Did you mean 'expm1'\?"):
        unary("my_op", "expm", lambda g, y, x: g * y)


def test_a_case_that_is_no_case_is_an_error_that_says_how_to_make_one() -> None:
    made: Op = op("my_op", infer=lambda x: x, cases=[((3, 4),)])(lambda xp, x: x * 2)
    with pytest.raises(AssertionError, match=r"made by case\(\*inputs"):
        check_op(made)


def test_a_lowering_for_no_renderer_is_an_error() -> None:
    made = unary("my_op", "expm1", lambda g, y, x: g * (y + 1))
    with pytest.raises(ArgumentError, match=r"lowering.*'lvm'. Did you mean 'llvm'\?"):
        made.lowering("lvm")(lambda e, x: x)


def test_a_kernel_that_gives_no_step_is_an_error_with_its_provider() -> None:
    provider("mine", lambda: None, "cumulative sums")
    kernel("cumsum", provider="mine")(lambda node, inputs, outputs: None)  # type: ignore[arg-type,return-value]
    with pytest.raises(ArgumentError, match="step that the kernel of mine for 'cumsum' returns"):
        function(lambda x: keras.ops.cumsum(x, axis=0))(np.ones(4, "float32"))


def test_a_provider_says_by_a_function_whether_it_can_run() -> None:
    with pytest.raises(ArgumentError, match=r"provider\('mine'\), unavailable. Expected: a func"):
        provider("mine", True, "sums")  # type: ignore[arg-type]


def test_a_sequence_is_said_to_take_lists_as_it_does() -> None:
    class Scales(keras.layers.Layer):
        by: Sequence[float] = ()

    assert list(Scales([1, 2.5]).by) == [1, 2.5]
    with pytest.raises(ArgumentError, match="must be a list or tuple of which each is a number"):
        Scales(3.0)


def test_a_rule_whose_arguments_changed_places_is_an_error() -> None:
    with pytest.raises(ArgumentError, match="words for errors, then a function"):
        Annotated[int, Rule(int, "an even number")]  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["layers", keras.layers.Dense])
def test_register_takes_the_kinds_there_are(kind: Any) -> None:
    with pytest.raises(ArgumentError, match=r"register, kind. Expected: one of .*'layer'"):
        keras.register(kind)


def test_options_that_nobody_takes_are_errors_of_a_subclass_that_hands_them_on() -> None:
    def handing_on(base: type, *args: Any) -> Callable[..., Any]:
        def __init__(self: Any, **options: Any) -> None:
            base.__init__(self, *args, **options)

        return type("Own", (base,), {"__init__": __init__})

    for base, args, wrong, near in (
        (keras.optimizers.Optimizer, (0.1,), "wieght_decay", "weight_decay"),
        (keras.optimizers.Adam, (0.1,), "wieght_decay", "weight_decay"),
        (keras.losses.Loss, (), "redcution", "reduction"),
        (keras.metrics.Metric, (), "nmae", "name"),
    ):
        with pytest.raises(ArgumentError, match=f"'{wrong}'. Did you mean '{near}'"):
            handing_on(base, *args)(**{wrong: 1})
    with pytest.warns(UserWarning, match="decay changes nothing any more"):
        handing_on(keras.optimizers.Optimizer, 0.1)(decay=0.1)


def test_a_constructor_that_leaves_out_its_base_is_an_error_that_says_so() -> None:
    def silent(self: Any) -> None:
        self.scale = 1

    for base in (keras.optimizers.Adam, keras.losses.Loss):
        made = type("Own", (base,), {"__init__": silent})()
        with pytest.raises(AttributeError, match=r"'Own'.*super\(\).__init__\(\) called"):
            fit(made) if base is keras.optimizers.Adam else fit("sgd", made)
    with pytest.raises(AttributeError, match=r"no attribute 'nothing'$"):
        _ = keras.losses.MeanSquaredError().nothing  # type: ignore[attr-defined]


def test_an_optimizer_whose_build_leaves_out_its_base_is_an_error_that_says_so() -> None:
    class Own(keras.optimizers.Optimizer):
        def build(self, variables: Any) -> None:
            self.means = self.add_optimizer_variables(variables, "mean")

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            self.assign_sub(variable, gradient * learning_rate)

    with pytest.raises(ArgumentError, match=r"Own.build. Expected: a call of super\(\).build"):
        fit(Own(0.1))


def test_a_loss_that_returns_nothing_is_named() -> None:
    def forgetful(y_true: Any, y_pred: Any) -> Any:
        keras.ops.mean(y_true - y_pred, axis=-1)

    with pytest.raises(ArgumentError, match=r"forgetful. Expected: the loss of every sample, ret"):
        fit("sgd", forgetful)


@pytest.mark.parametrize("name", ["no_module_of_mine", "module_of_mine.py"])
def test_a_module_that_is_not_found_says_how_it_is(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "module_of_mine.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert main(["schema", "--allow", name]) != 0
    assert "by its name without .py; one in this folder is found with PYTHONPATH=." in (
        capsys.readouterr().err
    )
    sys.modules.pop("module_of_mine", None)


def test_an_elementwise_op_takes_as_many_tensors_as_it_declares() -> None:
    made = unary("my_op", "expm1", lambda g, y, x: g * (y + 1))
    x, y = keras.ops.ones(3), keras.ops.zeros(3)
    with pytest.raises(ArgumentError, match=r"my_op\. Expected: 1 tensor\. Received: 2\."):
        made(x, y)
    np.testing.assert_array_equal(y, np.zeros(3))
    with pytest.raises(ArgumentError, match="at least one tensor by position"):
        made()


def test_an_op_in_a_model_is_found_again(tmp_path: Path) -> None:
    made = unary("my_op", "expm1", lambda g, y, x: g * (y + 1))
    x = keras.Input((3,))
    keras.Model(x, made(x)).save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(again(np.ones((1, 3))), np.expm1(np.ones((1, 3))), rtol=1e-6)


@pytest.mark.parametrize("name", ["clipnorm", "clipvalue", "global_clipnorm"])
def test_gradients_are_not_clipped_to_less_than_nothing(name: str) -> None:
    with pytest.raises(ArgumentError, match=rf"{name}\. Expected: None, or a number of 0 or more"):
        keras.optimizers.SGD(0.1, **{name: -1.0})


def test_a_name_is_taken_over_on_demand() -> None:
    keras.register("activation", "my_doubled")(lambda x: x * 2)
    with pytest.raises(ArgumentError, match=r"Choose another name; .*replace=True"):
        keras.register("activation", "my_doubled")(lambda x: x * 3)
    tripled = keras.register("activation", "my_doubled", replace=True)(lambda x: x * 3)
    assert keras.activations.get("my_doubled") is tripled
    registry._entries["activation"].pop("my_doubled")


def test_a_kernel_serves_what_was_compiled_before() -> None:
    twice = function(lambda x: keras.ops.cumsum(x))
    x = np.ones(3, "float32")
    np.testing.assert_array_equal(twice(x), [1, 2, 3])
    provider("mine", lambda: None, "cumulative sums")

    @kernel("cumsum", provider="mine", first=True)
    def _(node: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> Callable[[], None]:
        return lambda: outputs[0].fill(9)

    np.testing.assert_array_equal(twice(x), [9, 9, 9])


def test_an_error_in_a_pass_of_ones_own_names_it() -> None:
    @keras.compiler.graph_pass(before="fuse")
    def mistaken(graph: Any, device: Any) -> Any:
        return graph.nods

    try:
        with pytest.raises(AttributeError) as caught:
            function(lambda x: x * 3)(np.ones(2, "float32"))
    finally:
        keras.compiler.remove_pass("mistaken")
    assert caught.value.__notes__ == [
        "In the pass 'mistaken'. Its rule gives a node, a tuple of nodes or None."
    ]


def test_a_rule_that_gives_a_tensor_is_told_what_a_node_is() -> None:
    def rule(node: Any, inputs: Any) -> Any:
        return keras.ops.ones(2) if node.op.name == "multiply" else None

    graph = keras.trace(lambda x: x * 3, [keras.spec.TensorSpec((2,), "float32")])[0]
    with pytest.raises(GraphError, match=r"Received: Tensor\. In op 'multiply' .* is its `\.node`"):
        keras.graph.rewrite(graph, rule)
