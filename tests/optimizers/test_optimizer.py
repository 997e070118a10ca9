import inspect
import warnings

import numpy as np
import pytest

import kerasish as keras
from kerasish import optimizers
from kerasish.compiler import Function
from kerasish.errors import ArgumentError, GradientError
from tests.built_in import OPTIMIZERS_OF_OTHERS, classes
from tests.golden import cases
from tests.golden_values import check_case
from tests.tolerances import assert_close


@pytest.mark.parametrize("label", cases.OPTIMIZERS)
def test_ten_updates_equal_those_of_keras(label: str):
    check_case("optimizer", label, "trajectory")


def make(label: str) -> optimizers.Optimizer:
    name, options = cases.OPTIMIZERS[label]
    return getattr(optimizers, name)(**options)


def variables(seed: int = 0) -> list[keras.Variable]:
    rng = np.random.default_rng(seed)
    return [
        keras.Variable(rng.normal(size=(3, 4)).astype("float32"), name="kernel"),
        keras.Variable(rng.normal(size=(4,)).astype("float32"), name="bias"),
    ]


def gradients(rng: np.random.Generator) -> list[keras.Tensor]:
    shapes = ((3, 4), (4,))
    return [keras.convert_to_tensor(rng.normal(size=s).astype("float32")) for s in shapes]


@pytest.mark.parametrize("label", cases.OPTIMIZERS)
def test_traced_updates_equal_eager_ones(label: str):
    ends = []
    for traced in (False, True):
        weights, optimizer = variables(), make(label)
        optimizer.build(weights)

        def update(*grads, weights=weights, optimizer=optimizer):
            optimizer.apply(grads, weights)
            return ()

        step = Function(update) if traced else update
        rng = np.random.default_rng(1)
        for _ in range(4):
            step(*gradients(rng))
        ends.append([v.numpy() for v in [*weights, *optimizer.variables]])
    for eager, compiled in zip(*ends, strict=True):
        assert_close(compiled, eager)


@pytest.mark.parametrize("label", cases.OPTIMIZERS)
def test_config_builds_an_equal_optimizer(label: str):
    optimizer = make(label)
    data = optimizers.serialize(optimizer)
    again = optimizers.deserialize(data)
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()
    assert data["config"]["learning_rate"] == pytest.approx(
        cases.OPTIMIZERS[label][1]["learning_rate"]
    )


@pytest.mark.parametrize("name", [c.__name__ for c in classes(optimizers, *OPTIMIZERS_OF_OTHERS)])
def test_names_in_any_case(name: str):
    for text in (name, name.lower(), name.upper()):
        assert type(optimizers.get(text)).__name__ == name


def test_get_passes_instances_on_and_instantiates_classes():
    made = optimizers.SGD(0.5)
    assert optimizers.get(made) is made
    assert isinstance(optimizers.get(optimizers.Adam), optimizers.Adam)
    assert optimizers.get(optimizers.serialize(made)).get_config() == made.get_config()
    assert optimizers.get(None) is None
    with pytest.raises(ArgumentError, match="Received: 7"):
        optimizers.get(7)
    with pytest.raises(ValueError, match="Did you mean"):
        optimizers.get("adamm")


def test_state_is_named_and_ordered_as_in_keras():
    keras.utils.clear_session()
    kernel, bias = variables()
    kernel.path, bias.path = "dense/kernel", "dense/bias"
    optimizer = optimizers.Adam()
    optimizer.build([kernel, bias])
    assert [v.path for v in optimizer.variables] == [
        "adam/iteration",
        "adam/learning_rate",
        "adam/dense_kernel_momentum",
        "adam/dense_kernel_velocity",
        "adam/dense_bias_momentum",
        "adam/dense_bias_velocity",
    ]


def test_a_schedule_takes_the_place_of_the_learning_rate_variable():
    schedule = optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
    optimizer = optimizers.SGD(schedule)
    weight = keras.Variable(np.zeros(1, "float32"))
    one = keras.convert_to_tensor(np.ones(1, "float32"))
    seen = []
    for _ in range(3):
        optimizer.apply([one], [weight])
        seen.append(float(weight.numpy()[0]))
    np.testing.assert_allclose(seen, [-0.1, -0.15, -0.175], rtol=1e-6)
    assert len(optimizer.variables) == 1
    with pytest.raises(ArgumentError, match="ExponentialDecay"):
        optimizer.learning_rate = 0.1
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()


def test_learning_rate_can_be_set():
    optimizer = optimizers.SGD(0.1)
    optimizer.learning_rate = 0.25
    assert float(optimizer.learning_rate) == 0.25
    assert optimizer.get_config()["learning_rate"] == 0.25


def test_constraint_is_applied_after_the_update():
    weight = keras.Variable(
        np.array([1.0, -1.0], "float32"), constraint=lambda w: keras.ops.maximum(w, 0.0)
    )
    optimizers.SGD(0.5).apply([keras.convert_to_tensor(np.array([1.0, 1.0], "float32"))], [weight])
    np.testing.assert_array_equal(weight.numpy(), [0.5, 0.0])


def test_weight_decay_leaves_out_what_is_excluded():
    kernel, bias = variables()
    before = bias.numpy()
    optimizer = optimizers.SGD(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    zeros = [keras.ops.zeros(v.shape) for v in (kernel, bias)]
    kept = kernel.numpy()
    optimizer.apply(zeros, [kernel, bias])
    np.testing.assert_array_equal(bias.numpy(), before)
    assert_close(kernel.numpy(), kept * 0.95)
    with pytest.raises(ArgumentError, match="before the first step"):
        optimizer.exclude_from_weight_decay(var_names=["kernel"])


def test_missing_gradients_are_named():
    weights = variables()
    optimizer = optimizers.SGD()
    grads = gradients(np.random.default_rng(0))
    with pytest.warns(UserWarning, match="bias"):
        optimizer.apply([grads[0], None], weights)
    with pytest.raises(GradientError, match="kernel"):
        optimizer.apply([None, None], weights)


def test_unknown_variables_and_wrong_counts_are_refused():
    weights = variables()
    optimizer = optimizers.SGD()
    grads = gradients(np.random.default_rng(0))
    optimizer.apply(grads, weights)
    with pytest.raises(ArgumentError, match=r"Unknown variable 'other'.*Compile the model again"):
        optimizer.apply(grads[:1], [keras.Variable(np.zeros((3, 4), "float32"), name="other")])
    with pytest.raises(ArgumentError, match="2"):
        optimizer.apply(grads[:1])


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"clipnorm": 1.0, "clipvalue": 1.0}, "at most one"),
        ({"ema_momentum": 2.0}, "ema_momentum"),
        ({"gradient_accumulation_steps": 1}, "gradient_accumulation_steps"),
        ({"momentum": 2.0}, "momentum"),
        ({"learning_rate": "fast"}, "learning_rate"),
    ],
)
def test_wrong_arguments_are_refused(options, match):
    with pytest.raises(ArgumentError, match=match):
        optimizers.SGD(**options)


def test_an_unknown_argument_is_refused():
    with pytest.raises(ArgumentError, match="decay_rate"):
        optimizers.Adam(decay_rate=0.1)


def test_averages_become_the_weights_at_the_end():
    weights = variables()
    optimizer = optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
    rng = np.random.default_rng(0)
    for _ in range(3):
        optimizer.apply(gradients(rng), weights)
    averages = [average.numpy() for _, average in optimizer.averages()]
    optimizer.finalize_variable_values(weights)
    for weight, average in zip(weights, averages, strict=True):
        np.testing.assert_array_equal(weight.numpy(), average)


def test_set_weights_brings_an_optimizer_to_the_same_point():
    rng = np.random.default_rng(0)
    first, second = variables(), variables()
    a, b = optimizers.Adam(0.1), optimizers.Adam(0.3)
    a.apply(gradients(rng), first)
    b.build(second)
    b.set_weights(a.get_weights())
    for v, w in zip(second, first, strict=True):
        v.assign(w)
    grads = gradients(rng)
    a.apply(grads, first)
    b.apply(grads, second)
    for v, w in zip(second, first, strict=True):
        np.testing.assert_array_equal(v.numpy(), w.numpy())
    store: dict[str, np.ndarray] = {}
    a.save_own_variables(store)
    b.load_own_variables(store)
    with pytest.raises(ArgumentError, match=r"Expected: 6 arrays\. Received: 1"):
        a.load_own_variables({"0": 0})


class Halving(optimizers.Optimizer):
    """A user's optimizer, written as one would for Keras."""

    def __init__(self, learning_rate=0.1, factor=0.5, name="halving", **kwargs):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.factor = factor

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.momentums = []
        for variable in variables:
            self.momentums.append(self.add_variable_from_reference(variable, name="momentum"))

    def update_step(self, gradient, variable, learning_rate):
        learning_rate = keras.ops.cast(learning_rate, variable.dtype)
        m = self.momentums[self._get_variable_index(variable)]
        self.assign(m, keras.ops.add(keras.ops.multiply(m, self.factor), gradient))
        self.assign_sub(variable, keras.ops.multiply(m, learning_rate))

    def get_config(self):
        config = super().get_config()
        config.update({"factor": self.factor})
        return config


def test_a_custom_optimizer_in_keras_style():
    weight = keras.Variable(np.zeros(1, "float32"))
    optimizer = Halving(learning_rate=1.0)
    one = keras.convert_to_tensor(np.ones(1, "float32"))
    for _ in range(2):
        optimizer.apply([one], [weight])
    assert float(weight.numpy()[0]) == -2.5
    assert Halving.from_config(optimizer.get_config()).factor == 0.5


def test_nothing_warns_without_reason():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizers.Adam().apply(gradients(np.random.default_rng(0)), variables())


def test_signatures_show_all_options():
    shown = inspect.signature(optimizers.Adam).parameters
    assert list(shown)[:5] == ["learning_rate", "beta_1", "beta_2", "epsilon", "amsgrad"]
    assert {"weight_decay", "clipnorm", "use_ema", "name"} <= shown.keys()
    assert "options" not in shown


@keras.register("optimizer", "counting_descent")
class Counting(optimizers.Optimizer):
    """Descent with its state in variables that nobody entered."""

    def build(self, variables):
        super().build(variables)
        self.count = keras.Variable(0.0, name="count")
        self.means, self.more = [keras.Variable(np.zeros(v.shape)) for v in variables], {}
        self.means.append(keras.Variable(0.0))
        self.more["last"] = keras.Variable(0.0, name="last")
        self.watched = list(variables)  # the model's, and no state

    def update_step(self, gradient, variable, learning_rate):
        self.count.assign_add(1.0)
        mean = self.slot(self.means, variable)
        self.assign(mean, 0.9 * mean.value + gradient)
        self.assign_sub(variable, learning_rate * mean.value)


def test_variables_that_an_optimizer_holds_are_its_state(tmp_path):
    def fitted(model):
        return model.fit(np.ones((8, 3)), np.ones((8, 1)), verbose=0).history["loss"]

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(Counting(0.1), "mse")
    fitted(model)
    held = model.optimizer
    names = [v.name.partition("_")[0] for v in held.variables]
    assert names == ["iteration", "learning", "count", *["variable"] * 3, "last"]
    assert float(held.count) == 2
    assert len(held.get_weights()) == 7
    for name in ("m.keras", "m.h5"):
        model.save(tmp_path / name)
        again = keras.saving.load_model(tmp_path / name)
        for one, other in zip(held.variables, again.optimizer.variables, strict=True):
            np.testing.assert_array_equal(one.numpy(), other.numpy())
    assert fitted(again) == fitted(model)


def test_muon_makes_matrices_orthogonal():
    optimizer = optimizers.Muon(rms_rate=0.5)
    x = np.random.default_rng(0).normal(size=(3, 6, 4)).astype("float32")
    found = optimizer.zeropower_via_newtonschulz5(x, 12).numpy()
    values = np.linalg.svd(found, compute_uv=False)
    assert ((values > 0.6) & (values < 1.3)).all()  # what the iteration settles between
    wide = optimizer.zeropower_via_newtonschulz5(np.swapaxes(x, 1, 2), 12)
    assert_close(wide, np.swapaxes(found, 1, 2))
    assert_close(optimizer.lr_adjust(x[0]), 0.5 * 6**0.5 * x[0])
    assert_close(optimizers.Muon(rms_rate=None).lr_adjust(x[0]), x[0])
    with pytest.raises(ValueError, match="matrices"):
        optimizer.zeropower_via_newtonschulz5(x[0, 0], 1)


@pytest.mark.parametrize("cls", classes(optimizers, "Optimizer", "OptimizerMap"))
def test_a_name_is_text(cls):
    inner = {
        optimizers.LossScaleOptimizer: optimizers.SGD(),
        optimizers.MultiOptimizer: optimizers.OptimizerMap(optimizers.SGD()),
    }
    with pytest.raises(ArgumentError, match="name"):
        cls(*[inner[cls]] if cls in inner else [], name=3)
