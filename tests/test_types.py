"""What a type checker says about programs that use kerasish: each line that is wrong, no other."""

import inspect
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import kerasish as keras
from kerasish import ops

SETTINGS = {"typeCheckingMode": "basic", "pythonVersion": "3.11"}
WRONG = "# wrong"


def checked(tmp_path, source):
    """pyright's diagnostics of a program."""
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(SETTINGS))
    (tmp_path / "program.py").write_text(source)
    command = [sys.executable, "-m", "pyright", "--outputjson", "-p", str(tmp_path)]
    command += ["--pythonpath", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)["generalDiagnostics"]


def flagged(tmp_path, source):
    """Checks that exactly the lines marked `# wrong` are flagged, each by an error."""
    source = textwrap.dedent(source)
    errors = [d for d in checked(tmp_path, source) if d["severity"] == "error"]
    found = {d["range"]["start"]["line"]: d["message"] for d in errors}
    marked = {i for i, line in enumerate(source.splitlines()) if WRONG in line}
    assert marked == set(found), found


def test_constructors_of_layers_are_checked_and_completed(tmp_path):
    flagged(
        tmp_path,
        """
        import numpy as np
        import kerasish as keras
        from kerasish.layers import Conv2D, Dense

        keras.layers.Dense(3, unots=1)  # wrong
        keras.layers.Dense(unots=3)  # wrong
        keras.layers.Dense("x")  # wrong
        keras.layers.Dense()  # wrong
        keras.layers.Dense(3, use_bias="no")  # wrong
        keras.layers.Dense(3, kernel_initializer=3)  # wrong
        keras.layers.Dropout(0.5, noise=1)  # wrong
        keras.layers.Flatten(unots=3)  # wrong
        Dense(3, unots=1)  # wrong
        Dense("x")  # wrong
        Conv2D(3, 3, pading="same")  # wrong

        keras.layers.Dense(3, name="a", dtype="float32", trainable=False, autocast=False)
        keras.layers.Dense(3, "relu", False, "ones", activity_regularizer="l2")
        keras.layers.Dense(3, activation="relu", input_shape=(4,))
        keras.layers.Dense(3, activation=lambda x: x * 2, dtype=keras.DTypePolicy("float32"))
        keras.layers.Dense(
            3, kernel_initializer="he_normal", kernel_regularizer=keras.regularizers.L2(1e-4)
        )
        keras.layers.Dense(3, bias_initializer=np.zeros(3), kernel_constraint={"class_name": "x"})
        keras.layers.Dense(3, kernel_initializer=keras.initializers.HeNormal(seed=1))
        keras.layers.Flatten(name="flat", activity_regularizer="l2")
        keras.layers.LSTM(4, return_sequences=True, dropout=0.1, name="lstm")
        keras.layers.MultiHeadAttention(2, 3, dropout=0.1, name="attention")
        Conv2D(8, 3, padding="same", strides=(2, 2), data_format="channels_last")
        Dense(3, name="a")(keras.ops.ones((1, 2)))
        {Dense(3): 1}
        """,
    )


def test_layers_of_users_are_checked_as_they_are_written(tmp_path):
    flagged(
        tmp_path,
        """
        from typing import Literal
        import kerasish as keras
        from kerasish import Initializer, Layer, ops
        from kerasish.arguments import rules


        class Written(keras.layers.Layer):
            def __init__(self, units, factor: float = 1.0, **kwargs):
                super().__init__(**kwargs)
                self.units = units
                self.factor = factor

            def build(self, input_shape):
                self.kernel = self.add_weight((input_shape[-1], self.units), "ones", name="kernel")

            def call(self, inputs):
                return ops.matmul(inputs, self.kernel) * self.factor


        class Wider(keras.layers.Dense):
            def __init__(self, units: int, **kwargs):
                super().__init__(2 * units, **kwargs)


        @keras.register("layer")
        class Declared(Layer):
            units: int
            mode: Literal["mean", "sum"] = "mean"
            inner: Layer | None = None
            supports_masking = True

            def call(self, inputs):
                return inputs * self.units


        class Deeper(keras.layers.LSTM):
            extra: int = 1


        Deeper(3, "tanh", "sigmoid", True, "ones", extra=2, activity_regularizer="l2")
        Deeper(3).kernel_initializer
        Deeper(3, extra="x")  # wrong


        class Resolved(Layer):
            start: rules.Initializer = "ones"
            penalty: rules.Regularizer = "l2"
            activation: rules.Activation = "relu"
            inner: rules.LayerField = "Flatten"

            def build(self, input_shape):
                self.gain: keras.Variable = self.add_weight((3,), self.start)

            def call(self, inputs):
                return inputs * self.gain


        Resolved("zeros", inner=keras.layers.Dense(2), penalty=keras.regularizers.L2(0.1))
        Resolved(start=keras.initializers.HeNormal(seed=1)).gain.assign([1.0, 2.0, 3.0])
        Resolved(start=3)  # wrong
        Resolved(gain=3)  # wrong
        Written(3, name="a", trainable=False, dtype="float32")
        Written(3, 2.0)
        Written(3, "x")  # wrong
        Wider(3, activation="relu", name="a")
        Declared(3, name="a")
        Declared(3, mode="sum", inner=Declared(2), dtype="float32")
        Declared(3, mode="max")  # wrong
        Declared("x")  # wrong
        Declared(3, modus="sum")  # wrong
        Declared(3).units.bit_length()
        Declared(3).name.upper()
        model = keras.Sequential([keras.Input((4,)), Declared(2), keras.layers.Dense(2)])
        """,
    )


ROOTS = ("Layer", "Operation")


def test_checkers_know_the_arguments_of_every_layer_in_the_order_of_the_run(tmp_path):
    held = {n: getattr(keras.layers, n) for n in keras.layers.__all__}
    classes = [n for n in keras.layers.__all__ if inspect.isclass(held[n]) and n not in ROOTS]
    # What needs another framework is no layer here, and takes what it likes.
    names = [n for n in classes if issubclass(held[n], keras.Layer)]
    lines = [f"reveal_type(keras.layers.{n}.__init__)" for n in names]
    source = "\n".join(["import kerasish as keras", *lines])
    shown = [d["message"] for d in checked(tmp_path, source) if d["severity"] == "information"]
    assert len(shown) == len(names), shown
    differ = {}
    for name, text in zip(names, shown, strict=True):
        said = re.findall(r"(?:[(,] )(\w+): ", text)
        assert len(said) == len(set(said)), f"{name} takes an argument twice: {text}"
        static = re.findall(r"(?:[(,] )(\w+): ", text.partition(", *")[0] + ", ")
        parameters = inspect.signature(held[name]).parameters.values()
        run = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        if static != run:
            differ[name] = static, run
    assert differ == {}


def test_the_package_says_that_it_is_typed():
    assert (Path(inspect.getfile(keras)).parent / "py.typed").is_file()


def test_ops_take_what_tensors_are_made_of_and_give_tensors(tmp_path):
    flagged(
        tmp_path,
        """
        import numpy as np
        import kerasish as keras
        from kerasish import ops

        x = ops.ones((2, 3))
        v = keras.Variable(np.ones((2, 3)))
        ops.sum(x).shape
        ops.add(x, v).dtype.upper()
        ops.add([1, [2.0]], np.float32(3))
        ops.matmul(v, np.ones((3, 2))).reshape((4,)).mean().item()
        ops.relu(x)[0, 1:].numpy().sum()
        (1 - ops.nn.softmax(v) * 2 > x).astype("float32").sum(axis=0).tolist()
        ops.where(x > 0, x, 0.0).ndim
        values, places = ops.top_k(x, 2)
        values.shape
        ops.svd(x)[0].shape
        ops.svd(x, compute_uv=False).shape
        ops.linspace(0, 1, 5).shape
        ops.linspace(0, 1, 5, retstep=True)[1].shape
        ops.unique(x).shape
        ops.unique(x, return_counts=True)[1].shape
        ops.split(x, 2)[0].shape
        ops.cond(x[0, 0] > 0, lambda: x, lambda: x + 1).shape
        ops.image.resize(np.ones((4, 4, 3)), (2, 2)).shape
        ops.add(keras.Input((3,)), 1).shape

        ops.sum("x")  # wrong
        ops.sum({"a": 1})  # wrong
        ops.add(x)  # wrong
        ops.sum(x, axes=1)  # wrong
        ops.sum(x).shap  # wrong
        ops.reshape(x, (3, 2), order="C")  # wrong
        ops.top_k(x, 2).shape  # wrong
        """,
    )


NAMESPACES = (ops, ops.image, ops.linalg, ops.nn, ops.numpy, ops.random)
# Sizes of a symbol may be None; `Any` spares those who compute with known ones a check.
OPEN = ("shape",)


def public_functions():
    for namespace in NAMESPACES:
        for name in dir(namespace):
            held = getattr(namespace, name)
            if inspect.isfunction(held) and name[0] != "_" and name not in OPEN:
                yield f"{namespace.__name__}.{name}", held


def test_no_function_of_ops_gives_anything():
    found = {label: f.__annotations__.get("return", "Any") for label, f in public_functions()}
    assert len(found) > 600
    assert {k: v for k, v in found.items() if re.search(r"\bAny\b", str(v))} == {}


def test_inputs_of_ops_are_said_to_be_tensors():
    given = {}
    for label, function in public_functions():
        first = next(iter(inspect.signature(function).parameters.values()), None)
        if first is not None and first.name in ("x", "x1", "inputs", "images", "a", "target"):
            given[label] = first.annotation
    assert len(given) > 400
    others = {k.rpartition(".")[2] for k, v in given.items() if "TensorLike" not in str(v)}
    assert others == {"bartlett", "blackman", "hamming", "hanning", "is_tensor", "kaiser"}  # ints
