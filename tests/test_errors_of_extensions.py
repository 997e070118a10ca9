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
from kerasish.errors import (
    ArgumentError,
    DTypeError,
    GradientError,
    GraphError,
    ShapeError,
    UnknownNameError,
)
from kerasish.graph.op import Op, get, op, register_gradient
from kerasish.ops.basic.elementwise import unary
from kerasish.ops.declare import elementwise
from kerasish.spec import TensorSpec
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
    assert "a module in this folder, or one that is installed, by its name without .py" in (
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


X = np.linspace(0.5, 2, 6).astype("float32")


def squared(**fields: Any) -> Op:
    """An elementwise op of one's own, with something wrong about it."""
    given: dict[str, Any] = {"ufunc": "square", "vjp": lambda g, y, x: g * 2 * x, "arity": 1}
    return elementwise("my_op", **{**given, **fields})


def plain(kernel: Any, infer: Any = lambda x: x, **fields: Any) -> Op:
    return op("my_op", infer=infer, **fields)(kernel)


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: squared(arity="1"), "my_op, arity. Expected: an integer of 1 or more"),
        (lambda: squared(arity=2), "arity. Expected: 1, as numpy's square takes. Received: 2"),
        (lambda: squared(ufunc=3), "my_op, kernel. Expected: a function"),
        (lambda: squared(ufunc=lambda xp, x: x * x), r"kernel\(xp, \*arrays, out=None\).*without"),
        (lambda: squared(vjp="no"), "'my_op', vjp. Expected: a function. Received: 'no'"),
        (lambda: squared(promote="floats"), "promote.*'floats'. Did you mean 'float'"),
        (lambda: squared(dtypes="float32"), "dtypes in a tuple. Received: 'float32'"),
        (lambda: squared(dtypes=("float",)), "my_op, dtypes.*'float'. Did you mean 'float64'"),
        (lambda: squared(result="float"), "my_op, result.*'float'. Did you mean 'float64'"),
        (lambda: plain(np.sin, elemntwise=True), "'elemntwise'. Did you mean 'elementwise'"),
        (lambda: plain(np.sin, infer=None), "'my_op', infer. Expected: a function"),
        (lambda: plain(np.sin).batching(3), "'my_op', batch. Expected: a function"),
        (lambda: plain(np.sin).lowering("llvm"), "Expected: an elementwise op.*compiler.kernel"),
        (lambda: squared().lowering("llvm")(3), "'my_op', lowering. Expected: a function"),
        (lambda: squared().lowering("llvm", ("float",)), "lowering, dtypes.*mean 'float64'"),
        (lambda: register_gradient("tanh", override=True)("x"), "'tanh', vjp. Expected: a func"),
    ],
)
def test_a_declaration_says_which_part_is_wrong(declare: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        declare()


@pytest.mark.parametrize("run", [lambda f: f, function])
@pytest.mark.parametrize(
    ("made", "kind", "message"),
    [
        (lambda: plain(np.sin, lambda x: x.shape), ArgumentError, r"infer of op 'my_op'.*TensorSp"),
        (lambda: plain(np.sin, lambda x: None), ArgumentError, "infer of op 'my_op'.*Received: No"),
        (lambda: plain(lambda xp, x: None), ShapeError, r"float32\[6\], as infer says.*\[None\]"),
        (
            lambda: plain(lambda xp, x: (x,)),
            ShapeError,
            r"as infer says. Received: shapes \[\(1, 6",
        ),
        (lambda: plain(lambda xp, x: x.sum()), ShapeError, r"Received: shapes \[\(\)\]"),
        (
            lambda: plain(lambda xp, x: (x,), lambda x: (x, x)),
            ShapeError,
            r"float32\[6\], float32\[6\], as infer says.*\[\(6,\)\]",
        ),
        (
            lambda: plain(lambda xp, x: x / 2, lambda x: TensorSpec(x.shape, "int32")),
            DTypeError,
            r"Expected: int32\[6\].*Received: float32\[6\].*promote='float' casts",
        ),
    ],
)
def test_what_a_kernel_gives_is_held_to_what_infer_says(
    made: Any, kind: type[Exception], message: str, run: Any
) -> None:
    with pytest.raises(kind, match=message):
        run(made())(X)


@pytest.mark.parametrize("run", [lambda f: f, function])
def test_a_kernel_cannot_write_into_its_inputs(run: Any) -> None:
    def kernel(xp: Any, x: Any) -> Any:
        x += 1
        return x * 2

    with pytest.raises(ValueError, match="read-only") as caught:
        run(plain(kernel))(X)
    assert "never writes to its inputs" in caught.value.__notes__[0]


def test_whole_numbers_become_floats_as_in_numpy_or_an_error_says_how() -> None:
    sine = squared(ufunc="sin")
    np.testing.assert_allclose(sine(np.arange(3)), np.sin(np.arange(3.0)), rtol=1e-6)
    registry._entries["op"].pop("my_op")

    def squash(xp: Any, x: Any, out: Any = None) -> Any:
        return xp.divide(x, 1 + xp.absolute(x), out=out)

    for run in (squared(ufunc=squash), function(get("my_op"))):
        with pytest.raises(DTypeError, match=r"int64\[3\], as infer says.*promote='float'"):
            run(np.array([1, 2, 3]))


def test_attributes_that_cannot_be_hashed_are_an_error() -> None:
    made = plain(lambda xp, x, *, axes: x, lambda x, *, axes: x)
    with pytest.raises(ArgumentError, match=r"'my_op'. Expected: .* tuples in place of lists"):
        function(lambda x: made(x, axes=[1]))(X)


@pytest.mark.parametrize(
    ("vjp", "message"),
    [
        (lambda g, y, x: (g, g), r"one entry per input \(1\). Received: 2"),
        (lambda g, y, x: 2.0, "tensors or None.*Received: 1: float.*Write it in ops"),
        (lambda g, y, x: (np.ones(6, "float32"),), "Received: 1: ndarray.*Write it in ops"),
        (lambda g, y, x: keras.ops.cast(g, "float64"), "wrong dtype. Expected: float32.*float64"),
        (lambda g, y, x: keras.ops.ones(5), r"wrong shape. Expected: \(6,\).*Received: \(5,\)"),
    ],
)
def test_a_gradient_of_the_wrong_form_is_told_with_its_op(vjp: Any, message: str) -> None:
    made = squared(vjp=vjp)
    for run in (lambda f: f, function):
        with pytest.raises(GradientError, match=f"The gradient of op 'my_op'.*{message}"):
            run(keras.grad(lambda x: keras.ops.sum(made(x))))(X)


def test_a_function_of_an_op_that_is_called_wrongly_says_how_it_is_called() -> None:
    made = squared(vjp=lambda g, x: g)
    with pytest.raises(TypeError) as caught:
        keras.grad(lambda x: keras.ops.sum(made(x)))(X)
    assert "vjp of op 'my_op', which is called as vjp(g, y, *x" in caught.value.__notes__[0]
    made.batching(lambda x: x)
    with pytest.raises(TypeError) as caught:
        keras.ops.vectorized_map(made, np.ones((2, 3)))
    assert "batching rule of op 'my_op', which is called as rule(b," in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("rule", "received"),
    [(lambda b, x: x.value, "ndarray"), (lambda b, x: [x], "list"), (lambda b, x: x[:, :2], "2")],
)
def test_a_batching_rule_of_the_wrong_form_is_told(rule: Any, received: str) -> None:
    made = squared()  # elementwise, yet a rule that is declared counts
    made.batching(rule)
    with pytest.raises(ShapeError, match=rf"rule of op 'my_op'. .*for each of 2 rows.*{received}"):
        keras.ops.vectorized_map(made, np.ones((2, 3)))


@pytest.mark.parametrize(
    "look_up", [register_gradient, lambda n: kernel(n, provider="llvm"), keras.testing.check]
)
def test_a_function_that_is_made_of_ops_says_of_which(look_up: Any) -> None:
    with pytest.raises(UnknownNameError, match="'mean' is a function made of other ops: sum, div"):
        look_up("mean")


@pytest.mark.parametrize(
    ("kind", "wrong", "expected"),
    [
        ("layer", type("Mine", (), {}), "a subclass of keras.layers.Layer"),
        ("layer", lambda x: x, "a subclass of keras.layers.Layer"),
        ("layer", keras.layers.Dense(2), "a subclass of keras.layers.Layer"),
        ("metric", keras.metrics.Mean("mine"), "a subclass of keras.metrics.Metric or a function"),
        ("optimizer", lambda: 0, "a subclass of keras.optimizers.Optimizer"),
        ("loss", keras.layers.Dense, "a subclass of keras.losses.Loss or a function"),
        ("metric", keras.losses.Loss, "a subclass of keras.metrics.Metric or a function"),
        ("initializer", 3, "a subclass of keras.initializers.Initializer or a function"),
        ("activation", 3, "a function"),
        ("callback", lambda x: x, "a class"),
        ("dataset", 3, "a function"),
    ],
)
def test_register_takes_what_is_of_the_kind(kind: str, wrong: Any, expected: str) -> None:
    with pytest.raises(ArgumentError, match=rf"register\('{kind}'\)\. Expected: {expected}\. Rec"):
        keras.register(kind, "never_entered")(wrong)
    assert not registry.contains(kind, "never_entered")


def test_register_keeps_the_package_of_an_object() -> None:
    by_package = keras.saving.register_keras_serializable("acme")
    by_kind = keras.register("activation")
    for first, second in ((by_package, by_kind), (by_kind, by_package)):

        def tenfold(x: Any) -> Any:
            return x * 10

        try:
            second(first(tenfold))
            assert keras.saving.get_registered_name(tenfold) == "acme>tenfold"
            assert keras.activations.get("tenfold") is tenfold
        finally:
            registry._entries["activation"].pop("tenfold")
            for label in registry.labels("custom", tenfold):
                registry._entries["custom"].pop(label)


def test_a_lowering_of_the_wrong_form_is_told_where_it_is_declared() -> None:
    made = squared(vjp=None)
    with pytest.raises(ArgumentError, match=r"lowering\. Expected: write\(e, \*values.*positional"):
        made.lowering("llvm")(lambda x: x)
    with pytest.raises(ArgumentError, match=r"lowering\. Expected: write.*argument"):
        made.lowering("cuda")(lambda e, x: x)


def test_a_vjp_without_return_is_told() -> None:
    made = squared(vjp=lambda g, y, x: None)
    with pytest.raises(GradientError, match=r"returned None: end it with `return`; no_gradient"):
        keras.grad(made)(2.0)


def test_a_tensor_that_is_differentiated_by_is_no_attribute() -> None:
    made: Op = op("my_op", infer=lambda x, b: x, promote="same")(lambda xp, x, b: x * b)
    assert float(made(3.0, b=2.0)) == 6.0
    for run in (keras.grad(lambda b: made(3.0, b=b)), function(lambda b: made(3.0, b=b))):
        with pytest.raises(ArgumentError, match=r"op 'my_op', b. Expected: a plain value"):
            run(keras.ops.convert_to_tensor(2.0))
