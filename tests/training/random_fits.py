"""Random trainings, the same in this package and in Keras: models, compile, data, callbacks.

`fit(package, draw)` trains the model of a draw (scripts/fuzz_keras.py) with either package and
gives what a user sees: the hooks of callbacks in their order with their arguments, the history,
what `evaluate`, `predict` and the methods for one batch give, and the weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Found = dict[str, Any]
ROWS, STEPS, WIDTH = 14, 4, 3
HOOKS = [
    f"on_{mode}_{when}"
    for mode in ("train", "test", "predict")
    for when in ("begin", "end", "batch_begin", "batch_end")
] + ["on_epoch_begin", "on_epoch_end"]
ENDS = {  # by the kind of target: units, activations, losses, metrics
    "numbers": (2, (None, "tanh"), ("mse", "mae", "huber", "log_cosh"), ("mae", "mse", "r2_score")),
    "binary": (1, ("sigmoid",), ("binary_crossentropy", "hinge"), ("accuracy", "AUC", "Precision")),
    "one hot": (3, ("softmax",), ("categorical_crossentropy",), ("accuracy", "CategoricalHinge")),
    "classes": (3, ("softmax",), ("sparse_categorical_crossentropy",), ("accuracy", "acc")),
}  # fmt: skip


def recorder(package: Any, said: list[Any], values: list[float]) -> Any:
    """A callback that enters every hook with its arguments."""

    def hook(name: str) -> Any:
        def method(self: Any, *args: Any, logs: Any = None) -> None:
            if args and not isinstance(args[-1], int):
                *args, logs = args
            logs = logs or {}
            said.append((name, *args, *sorted(logs)))
            values.extend(float(np.asarray(v)) for k, v in sorted(logs.items()) if k != "outputs")
            if name == "on_train_begin":
                said.append(sorted((k, v) for k, v in self.params.items() if k != "verbose"))

        return method

    made = {name: hook(name) for name in HOOKS}
    return type("Recorder", (package.callbacks.Callback,), made)()


class Case:
    """What is drawn first: the form of inputs and outputs, and data for them."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.form = draw.pick("one", "one", "one", "list", "dict", "words")
        self.inputs = 1 if self.form in ("one", "words") else draw.number(1, 4)
        self.sequences = self.form == "words" and draw.pick(True, False)
        self.many = draw.pick("one", "one", "list", "dict")
        count = 1 if self.many == "one" else draw.number(1, 4)
        kinds = [k for k in ENDS if not self.sequences or k in ("numbers", "classes")]
        self.ends = [draw.pick(*kinds) for _ in range(count)]
        self.names = [f"out_{c}" for c in "cab"[:count]]
        self.group = 1  # steps per execution
        self.masked = False
        self.twice = False  # whether an output has two metrics of one name
        self.x = self.packed(self.form, [f"in_{c}" for c in "bac"], self._inputs())
        self.y = self.packed(self.many, self.names, [self._target(k) for k in self.ends])

    @staticmethod
    def packed(form: str, names: list[str], parts: list[Any]) -> Any:
        """Parts as one, as a list, or as a dict."""
        if form == "dict":
            return dict(zip(names, parts, strict=False))
        return parts if form == "list" else parts[0]

    def _inputs(self) -> list[np.ndarray]:
        rng = self.draw.rng
        if self.form == "words":
            words = rng.integers(0, 6, (ROWS, STEPS)).astype("int32")
            words[:, 0] = np.maximum(words[:, 0], 1)
            return [words]
        return [
            self.draw.moved(rng.normal(size=(ROWS, WIDTH)).astype("float32"))
            for _ in range(self.inputs)
        ]

    def _target(self, kind: str) -> np.ndarray:
        rng = self.draw.rng
        rows = (ROWS, STEPS) if self.sequences else (ROWS,)
        if kind == "numbers":
            return rng.normal(size=(*rows, 2)).astype("float32")
        if kind == "binary":
            shape = self.draw.pick((ROWS, 1), (ROWS,))
            return rng.integers(0, 2, shape).astype(self.draw.pick("float32", "int32"))
        classes = rng.integers(0, 3, rows)
        if kind == "one hot":
            return np.eye(3, dtype="float32")[classes]
        return classes.astype(self.draw.pick("int32", "int64"))


def model(package: Any, case: Case) -> Any:
    """A model for a case."""
    draw, layers = case.draw, package.layers
    if case.form == "words":
        case.masked = draw.pick(True, False)
        x = package.Input((STEPS,), dtype="int32", name="in_b")
        y = layers.Embedding(6, 4, mask_zero=case.masked)(x)
        y = draw.pick(layers.LSTM, layers.GRU)(4, return_sequences=case.sequences)(y)
        given: Any = x
    else:
        inputs = [package.Input((WIDTH,), name=f"in_{c}") for c in "bac"[: case.inputs]]
        given = case.packed(case.form, [i.name for i in inputs], inputs)
        parts = [layers.Dense(4, activation="tanh")(x) for x in inputs]
        y = layers.Add()(parts) if len(parts) > 1 else parts[0]
        y = body(package, draw)(y)
    results = []
    for name, kind in zip(case.names, case.ends, strict=True):
        units, activations, _, _ = ENDS[kind]
        end = layers.Dense(units, activation=draw.pick(*activations), name=name)
        results.append(end(y))
    made = package.Model(given, case.packed(case.many, case.names, results))
    plain = case.form == case.many == "one"
    wrap = draw.pick("none", "none", "sequential", "subclass", "own loss")
    draw.say(f"inputs {case.form} {case.inputs}, outputs {case.many} {case.ends}, wrapped: {wrap}")
    if wrap == "sequential" and plain:
        return package.Sequential([package.Input((WIDTH,)), made])
    if wrap == "subclass":
        return subclass(package, made)
    if wrap == "own loss":
        return own_loss(package)(made.inputs if case.form == "list" else given, made.output)
    return made


def body(package: Any, draw: Any) -> Any:
    """The middle of a model."""
    layers = package.layers
    kind = draw.pick("dense", "norm", "regularized", "activity", "nested", "constrained", "frozen")
    if kind == "norm":
        return layers.BatchNormalization(momentum=0.8)
    if kind == "regularized":
        return layers.Dense(4, kernel_regularizer="l2", bias_regularizer="l1")
    if kind == "activity":
        return layers.Dense(4, activity_regularizer="l2")
    if kind == "nested":
        parts = [layers.Dense(4, activation="tanh"), layers.LayerNormalization()]
        return package.Sequential([package.Input((4,)), *parts])
    if kind == "constrained":
        return layers.Dense(4, kernel_constraint="non_neg")
    return layers.Dense(4, activation="tanh", trainable=kind != "frozen")


def subclass(package: Any, inner: Any) -> Any:
    """A model of one's own around another, with a loss and a metric of its own."""

    class Around(package.Model):
        def __init__(self) -> None:
            super().__init__(name="around")
            self.inner = inner
            self.seen = package.metrics.Mean(name="seen")

        def call(self, inputs: Any, training: bool = False) -> Any:
            result = self.inner(inputs, training=training)
            first = package.tree.flatten(result)[0]
            self.add_loss(0.01 * package.ops.mean(package.ops.square(first)))
            return result

        def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
            self.seen.update_state(package.tree.flatten(y_pred)[0])
            return super().compute_metrics(x, y, y_pred, sample_weight)

    return Around()


def own_loss(package: Any) -> Any:
    """The class of models that change the loss."""

    class Doubled(package.Model):
        def compute_loss(self, *given: Any, **named: Any) -> Any:
            return 2.0 * super().compute_loss(*given, **named)

    return Doubled


def optimizer(package: Any, draw: Any) -> Any:
    """An optimizer with options."""
    options = draw.pick(
        {}, {}, {"clipnorm": 0.1}, {"clipvalue": 0.05}, {"global_clipnorm": 0.2},
        {"use_ema": True, "ema_momentum": 0.7},
        {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 2},
        {"gradient_accumulation_steps": 2}, {"weight_decay": 0.05}, {"loss_scale_factor": 8.0},
    )  # fmt: skip
    name = draw.pick("SGD", "SGD", "Adam", "RMSprop", "AdamW", "Nadam", "Adagrad")
    rate: Any = draw.pick(0.1, 0.03)
    if draw.pick(True, False, False) and "gradient_accumulation_steps" not in options:
        rate = package.optimizers.schedules.ExponentialDecay(rate, 3, 0.7)
    draw.say(f"{name}({options}, {type(rate).__name__})")
    if name == "AdamW":
        options = {**options, "weight_decay": 0.03}
    return getattr(package.optimizers, name)(rate, **options)


def settings(package: Any, case: Case) -> dict[str, Any]:
    """The arguments of compile."""
    draw = case.draw
    losses = [draw.pick(*ENDS[kind][2]) for kind in case.ends]
    metrics = [[draw.pick(*ENDS[kind][3]) for _ in range(draw.number(0, 3))] for kind in case.ends]
    weighted = [draw.pick([], [], [ENDS[kind][3][0]]) for kind in case.ends]
    if case.sequences:  # it takes no rows of sequences
        metrics = [[m for m in ms if m != "r2_score"] for ms in metrics]
    if case.sequences and case.masked:  # Keras forgets the mask in fit: docs/differences.md
        metrics, weighted = [[] for _ in metrics], [[] for _ in weighted]
    named = [[*one, *other] for one, other in zip(metrics, weighted, strict=True)]
    case.twice = any(len({*names}) < len(names) for names in named)
    found: dict[str, Any] = {"optimizer": optimizer(package, draw)}
    form = case.many if case.many == "one" else draw.pick(case.many, "dict")
    found["loss"] = case.packed(form, case.names, losses)
    if draw.pick(True, True, False):
        found["metrics"] = case.packed(form, case.names, metrics)
    if draw.pick(True, False, False):
        found["weighted_metrics"] = case.packed(form, case.names, weighted)
    if case.many != "one" and draw.pick(True, False):
        found["loss_weights"] = case.packed(form, case.names, [0.5, 2.0, 1.0][: len(losses)])
    if case.many == "one" and draw.pick(True, False, False):
        found["loss_weights"] = 0.5
    found["steps_per_execution"] = case.group = draw.pick(1, 1, 1, 2, 3)
    found["auto_scale_loss"] = False
    if package.__name__ == "keras":
        found["jit_compile"] = False  # op by op: compiling would take most of the time
    draw.say(f"compile({ {k: v for k, v in found.items() if k != 'optimizer'} })")
    return found


def weights_of(case: Case) -> Any:
    """Weights of samples, for one output or for each; None at times."""
    draw = case.draw
    kind = draw.pick("none", "none", "rows", "each")
    eighths = [draw.rng.integers(1, 17, ROWS).astype("float32") / 8 for _ in case.names]
    if kind == "none":
        return None
    if case.sequences and draw.pick(True, False):
        eighths = [draw.rng.integers(1, 9, (ROWS, STEPS)).astype("float32") / 8 for _ in case.names]
    if kind == "rows" and case.many == "one":
        return eighths[0]
    return case.packed(case.many, case.names, eighths)


def cut(parts: Any, rows: slice, package: Any) -> Any:
    """Rows of every array."""
    return None if parts is None else package.tree.map_structure(lambda a: a[rows], parts)


def batches(package: Any, data: tuple[Any, ...], size: int) -> list[Any]:
    """Tuples of a batch each, the last one smaller."""
    return [
        tuple(cut(part, slice(i, i + size), package) for part in data if part is not None)
        for i in range(0, ROWS, size)
    ]


def streamed(package: Any, case: Case, parts: list[Any], epochs: int) -> tuple[Any, dict[str, Any]]:
    """(batches as a generator or a PyDataset, the arguments of fit that go with it)."""
    draw = case.draw
    if draw.pick(True, False):
        # Where steps_per_execution does not divide it, Keras takes more: docs/differences.md.
        steps = case.group * draw.number(1, max(2, len(parts) // case.group + 1))
        draw.say(f"a generator of {len(parts)} batches a pass, steps_per_epoch={steps}")

        def endless() -> Iterator[Any]:
            for _ in range(epochs * (case.group + 2)):
                yield from parts

        return endless(), {"steps_per_epoch": steps}

    class Parts(package.utils.PyDataset):
        def __len__(self) -> int:
            return len(parts)

        def __getitem__(self, index: int) -> Any:
            return parts[index]

    draw.say(f"a PyDataset of {len(parts)} batches")
    return Parts(), {}


def extra_callbacks(package: Any, draw: Any) -> list[Any]:
    """Callbacks that change training."""
    c = package.callbacks
    kind = draw.pick("none", "none", "plateau", "early", "rate", "nan", "stop")
    draw.say(f"callback {kind}")
    if kind == "plateau":
        return [c.ReduceLROnPlateau(monitor="loss", patience=1, factor=0.3, min_delta=0.5)]
    if kind == "early":
        best = draw.pick(True, False)
        return [c.EarlyStopping("loss", patience=1, min_delta=0.3, restore_best_weights=best)]
    if kind == "rate":
        return [c.LearningRateScheduler(lambda epoch, rate: rate * 0.5 if epoch else rate)]
    if kind == "nan":
        return [c.TerminateOnNaN()]
    if kind == "stop":

        class Stop(c.Callback):
            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
                if batch >= 1:
                    self.model.stop_training = True

        return [Stop()]
    return []


def fit_arguments(package: Any, case: Case, epochs: int) -> dict[str, Any]:
    """The arguments of fit, data included."""
    draw = case.draw
    weights = weights_of(case)
    size = draw.pick(4, 5, 7, 14, 32)
    found: dict[str, Any] = {"epochs": epochs, "shuffle": False, "verbose": 0}
    held = draw.pick("none", "none", "data", "weighted", "split", "streamed")
    if draw.pick(True, True, False):
        found |= {"x": case.x, "y": case.y, "batch_size": size}
        if weights is not None:
            found["sample_weight"] = weights
    else:
        held = "data" if held == "split" else held
        parts = batches(package, (case.x, case.y, weights), size)
        found["x"], more = streamed(package, case, parts, epochs)
        found |= more
    plain = case.many == "one" and not case.sequences and case.ends[0] in ("classes", "one hot")
    if plain and weights is None and draw.pick(True, False):
        found["class_weight"] = {0: 0.5, 1: 2.0, 2: draw.pick(1.0, 0.0)}
    if held == "split":
        found["validation_split"] = 0.3
    elif held == "data":
        found["validation_data"] = (case.x, case.y)
    elif held == "weighted":
        given = weights if weights is not None else weights_of(case)
        found["validation_data"] = (case.x, case.y, *([] if given is None else [given]))
    elif held == "streamed":
        parts = batches(package, (case.x, case.y), 5)
        found["validation_data"], more = streamed(package, case, parts, epochs * 3)
        if more:
            found["validation_steps"] = more["steps_per_epoch"]
    if held != "none":
        found["validation_freq"] = draw.pick(1, 1, 2, [1, 3])
        found["validation_batch_size"] = draw.pick(None, 3) if held != "streamed" else None
    told = {"x", "y", "validation_data", "sample_weight"}
    said = {k: v for k, v in found.items() if k not in told}
    said["weights"] = None if weights is None else package.tree.map_structure(np.shape, weights)
    draw.say(f"fit({said}), validation {held}")
    return found


def fit(package: Any, draw: Any) -> Found:
    """What a training gives to see."""
    package.utils.clear_session()
    case = Case(draw)
    made = model(package, case)
    made.compile(**settings(package, case))
    made.predict(case.x, verbose=0)  # which builds what is not built
    rng = np.random.default_rng(draw.number(0, 10**6))
    made.set_weights(
        [
            draw.moved(rng.uniform(0.2, 0.9, w.shape).astype("float32"))
            if "variance" in w.path
            else draw.moved((rng.normal(size=w.shape) * 0.6).astype("float32"))
            if str(w.dtype) == "float32"
            else np.asarray(w)
            for w in made.weights
        ]
    )
    said: list[Any] = []
    values: list[float] = []
    watch = [recorder(package, said, values), *extra_callbacks(package, draw)]
    epochs = draw.number(1, 4)
    given = fit_arguments(package, case, epochs)
    found: Found = {}
    history = made.fit(**given, callbacks=watch)
    found["epochs"] = history.epoch
    found |= {f"history {k}": np.asarray(v, "float32") for k, v in history.history.items()}
    found |= {f"trained {i}": np.asarray(w) for i, w in enumerate(made.get_weights())}
    found["metrics_names"] = list(made.metrics_names)
    weights = weights_of(case)
    options: dict[str, Any] = {"batch_size": draw.pick(3, 5, 32), "verbose": 0}
    options |= draw.pick({}, {}, {"steps": case.group})
    named = made.evaluate(
        case.x, case.y, sample_weight=weights, return_dict=True, callbacks=watch[:1], **options
    )
    found |= {f"evaluate {k}": np.asarray(v, "float32") for k, v in named.items()}
    listed = made.evaluate(case.x, case.y, sample_weight=weights, **options)
    if not case.twice:  # Keras lists one of them twice: docs/differences.md
        found["evaluate"] = np.asarray(package.tree.flatten(listed), "float32")
    result = made.predict(case.x, callbacks=watch[:1], **options)
    entered(package, found, "predict", result)
    one = slice(0, draw.number(1, 6))
    x, y, w = (cut(part, one, package) for part in (case.x, case.y, weights))
    for name, logs in (
        ("train_on_batch", made.train_on_batch(x, y, sample_weight=w, return_dict=True)),
        ("test_on_batch", made.test_on_batch(x, y, sample_weight=w, return_dict=True)),
    ):
        found |= {f"{name} {k}": np.asarray(v, "float32") for k, v in logs.items()}
    entered(package, found, "predict_on_batch", made.predict_on_batch(x))
    found["hooks"] = said
    found["values"] = np.asarray(values, "float32")
    return found


def entered(package: Any, found: Found, name: str, result: Any) -> None:
    """Enter a structure of arrays."""
    shapes = package.tree.map_structure(np.shape, result)
    found[f"{name} form"] = sorted(shapes.items()) if isinstance(shapes, dict) else shapes
    for i, leaf in enumerate(package.tree.flatten(result)):
        found[f"{name} {i}"] = np.asarray(leaf)
