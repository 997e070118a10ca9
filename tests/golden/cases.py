"""Cases computed by Keras once (scripts/make_numeric_golden.py) and by kerasish in the tests.

Every `run_*` takes the package, `keras` or `kerasish`, since both have one interface.
"""

from __future__ import annotations

from typing import Any

import numpy as np

STEPS = 10

# --- optimizers -----------------------------------------------------------------------------------

OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {"learning_rate": 0.1}),
    "sgd_momentum": ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    "sgd_nesterov": ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    "adam": ("Adam", {"learning_rate": 0.05}),
    "adam_amsgrad": ("Adam", {"learning_rate": 0.05, "amsgrad": True, "beta_2": 0.9}),
    "adamw": ("AdamW", {"learning_rate": 0.05, "weight_decay": 0.1}),
    "adamax": ("Adamax", {"learning_rate": 0.05}),
    "nadam": ("Nadam", {"learning_rate": 0.05}),
    "lamb": ("Lamb", {"learning_rate": 0.05}),
    "rmsprop": ("RMSprop", {"learning_rate": 0.05}),
    "rmsprop_all": ("RMSprop", {"learning_rate": 0.05, "momentum": 0.7, "centered": True}),
    "adagrad": ("Adagrad", {"learning_rate": 0.2}),
    "adadelta": ("Adadelta", {"learning_rate": 1.0}),
    "ftrl": ("Ftrl", {"learning_rate": 0.2}),
    "ftrl_all": (
        "Ftrl",
        {
            "learning_rate": 0.2,
            "learning_rate_power": -0.7,
            "l1_regularization_strength": 0.05,
            "l2_regularization_strength": 0.1,
            "l2_shrinkage_regularization_strength": 0.05,
            "beta": 0.1,
        },
    ),
    "lion": ("Lion", {"learning_rate": 0.02}),
    "adafactor": ("Adafactor", {"learning_rate": 0.5}),
    "muon": ("Muon", {"learning_rate": 0.05}),
    "schedule_free": ("ScheduleFreeAdamW", {"learning_rate": 0.05, "warmup_steps": 4}),
    "clipnorm": ("SGD", {"learning_rate": 0.1, "clipnorm": 0.5}),
    "clipvalue": ("SGD", {"learning_rate": 0.1, "clipvalue": 0.3}),
    "global_clipnorm": ("SGD", {"learning_rate": 0.1, "global_clipnorm": 0.8}),
    "weight_decay": ("SGD", {"learning_rate": 0.1, "weight_decay": 0.3}),
    "ema": ("SGD", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.8}),
    "ema_overwrite": (
        "Adam",
        {"learning_rate": 0.05, "use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 3},
    ),
    "accumulate": ("Adam", {"learning_rate": 0.05, "gradient_accumulation_steps": 3}),
    "accumulate_decay": (
        "AdamW",
        {"learning_rate": 0.05, "gradient_accumulation_steps": 2, "clipnorm": 0.5},
    ),
    "loss_scale_factor": ("SGD", {"learning_rate": 0.1, "loss_scale_factor": 4.0}),
}


def run_optimizer(keras: Any, case: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """Ten updates of a matrix and a vector by gradients that change from step to step."""
    name, options = case
    rng = np.random.default_rng(7)
    a = keras.Variable(rng.normal(size=(3, 4)).astype("float32"), name="a")
    b = keras.Variable(rng.normal(size=(5,)).astype("float32"), name="b")
    optimizer = getattr(keras.optimizers, name)(**options)
    trail_a, trail_b = [], []
    for _ in range(STEPS):
        grads = [
            keras.ops.convert_to_tensor(rng.normal(size=s).astype("float32"))
            for s in ((3, 4), (5,))
        ]
        optimizer.apply(grads, [a, b])
        trail_a.append(np.array(a))
        trail_b.append(np.array(b))
    state = {f"state{i}": np.array(v) for i, v in enumerate(optimizer.variables)}
    return {"a": np.stack(trail_a), "b": np.stack(trail_b), **state}


# --- schedules ------------------------------------------------------------------------------------

SCHEDULES: dict[str, tuple[str, dict[str, Any]]] = {
    "exponential": ("ExponentialDecay", {"decay_steps": 7, "decay_rate": 0.5}),
    "exponential_stairs": (
        "ExponentialDecay",
        {"decay_steps": 7, "decay_rate": 0.5, "staircase": True},
    ),
    "inverse": ("InverseTimeDecay", {"decay_steps": 7, "decay_rate": 0.5}),
    "inverse_stairs": (
        "InverseTimeDecay",
        {"decay_steps": 7, "decay_rate": 0.5, "staircase": True},
    ),
    "piecewise": (
        "PiecewiseConstantDecay",
        {"boundaries": [3, 10, 11], "values": [1.0, 0.5, 0.2, 0.1]},
    ),
    "polynomial": ("PolynomialDecay", {"decay_steps": 12, "power": 2.0}),
    "polynomial_cycle": ("PolynomialDecay", {"decay_steps": 9, "power": 1.0, "cycle": True}),
    "cosine": ("CosineDecay", {"decay_steps": 15, "alpha": 0.1}),
    "cosine_warmup": (
        "CosineDecay",
        {"decay_steps": 12, "warmup_target": 0.5, "warmup_steps": 6},
    ),
    "restarts": ("CosineDecayRestarts", {"first_decay_steps": 5, "m_mul": 0.7, "alpha": 0.05}),
    "restarts_equal": ("CosineDecayRestarts", {"first_decay_steps": 5, "t_mul": 1.0}),
}


def run_schedule(keras: Any, case: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """The rates of the first 24 steps."""
    name, options = case
    if "values" not in options:
        options = {"initial_learning_rate": 0.1, **options}
    schedule = getattr(keras.optimizers.schedules, name)(**options)
    return {"rates": np.array([float(schedule(step)) for step in range(24)])}


# --- losses ---------------------------------------------------------------------------------------

# name: (class, options, kind of data)
LOSSES: dict[str, tuple[str, dict[str, Any], str]] = {
    "mse": ("MeanSquaredError", {}, "real"),
    "mse_sum": ("MeanSquaredError", {"reduction": "sum"}, "real"),
    "mse_none": ("MeanSquaredError", {"reduction": None}, "real"),
    "mse_mean_weighted": ("MeanSquaredError", {"reduction": "mean_with_sample_weight"}, "real"),
    "mae": ("MeanAbsoluteError", {}, "real"),
    "mape": ("MeanAbsolutePercentageError", {}, "real"),
    "msle": ("MeanSquaredLogarithmicError", {}, "positive"),
    "huber": ("Huber", {"delta": 0.7}, "real"),
    "log_cosh": ("LogCosh", {}, "real"),
    "cosine": ("CosineSimilarity", {}, "real"),
    "poisson": ("Poisson", {}, "positive"),
    "kld": ("KLDivergence", {}, "probabilities"),
    "cce": ("CategoricalCrossentropy", {}, "probabilities"),
    "cce_logits": (
        "CategoricalCrossentropy",
        {"from_logits": True, "label_smoothing": 0.1},
        "one_hot",
    ),
    "focal": ("CategoricalFocalCrossentropy", {"alpha": 0.3}, "probabilities"),
    "focal_logits": ("CategoricalFocalCrossentropy", {"from_logits": True}, "one_hot"),
    "sparse": ("SparseCategoricalCrossentropy", {}, "labels_probabilities"),
    "sparse_logits": ("SparseCategoricalCrossentropy", {"from_logits": True}, "labels"),
    "sparse_ignore": (
        "SparseCategoricalCrossentropy",
        {"from_logits": True, "ignore_class": 0},
        "labels",
    ),
    "bce": ("BinaryCrossentropy", {}, "binary"),
    "bce_logits": (
        "BinaryCrossentropy",
        {"from_logits": True, "label_smoothing": 0.2},
        "binary_logits",
    ),
    "bce_focal": ("BinaryFocalCrossentropy", {"apply_class_balancing": True}, "binary"),
    "bce_focal_logits": ("BinaryFocalCrossentropy", {"from_logits": True}, "binary_logits"),
    "generalized": ("CategoricalGeneralizedCrossEntropy", {"q": 0.6}, "labels_probabilities"),
    "hinge": ("Hinge", {}, "binary_logits"),
    "hinge_signs": ("Hinge", {}, "signs"),
    "squared_hinge": ("SquaredHinge", {}, "signs"),
    "categorical_hinge": ("CategoricalHinge", {}, "one_hot"),
    "dice": ("Dice", {}, "binary"),
    "dice_axis": ("Dice", {"axis": [1]}, "binary"),
    "tversky": ("Tversky", {"alpha": 0.3, "beta": 0.6}, "binary"),
    "circle": ("Circle", {}, "embeddings"),
    "ctc": ("CTC", {}, "sequences"),
}


def _softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return (e / e.sum(-1, keepdims=True)).astype("float32")


def data(kind: str, rows: int = 6, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """(y_true, y_pred) of some samples; of two where they are sequences."""
    rng = np.random.default_rng(seed)
    pred = rng.normal(size=(rows, 4)).astype("float32")
    hot = np.eye(4, dtype="float32")[rng.integers(0, 4, rows)]
    labels = rng.integers(0, 4, rows).astype("int32")
    binary = rng.integers(0, 2, (rows, 4)).astype("float32")
    unit = pred / np.linalg.norm(pred, axis=-1, keepdims=True)
    return {
        "real": (rng.normal(size=(rows, 4)).astype("float32"), pred),
        "positive": (np.abs(rng.normal(size=(rows, 4))).astype("float32"), np.abs(pred)),
        "probabilities": (hot, _softmax(pred)),
        "one_hot": (hot, pred),
        "labels": (labels, pred),
        "labels_probabilities": (labels, _softmax(pred)),
        "binary": (binary, (1 / (1 + np.exp(-pred))).astype("float32")),
        "binary_logits": (binary, pred),
        "signs": (2 * binary - 1, pred),
        "embeddings": (np.resize([0, 1, 0, 1, 2, 2], rows).astype("int32"), unit.astype("float32")),
        "sequences": (
            np.array([[1, 2, 0], [2, 2, 1]], "int32"),
            rng.normal(size=(2, 7, 4)).astype("float32"),
        ),
        "column": (binary[:, :1], (1 / (1 + np.exp(-pred[:, :1]))).astype("float32")),
        "maps": (labels, rng.integers(0, 4, rows).astype("int32")),
        "close": (pred + rng.normal(size=(rows, 4)).astype("float32") * 0.3, pred),
    }[kind]


def weights(count: int) -> np.ndarray:
    """Sample weights in eighths, whose sums are exact."""
    return np.random.default_rng(5).integers(1, 17, count).astype("float32") / 8


def run_loss(keras: Any, case: tuple[str, dict[str, Any], str]) -> dict[str, Any]:
    """The loss with and without sample weights."""
    name, options, kind = case
    y_true, y_pred = data(kind)
    loss = getattr(keras.losses, name)(**options)
    found = {"plain": np.array(loss(y_true, y_pred))}
    if found["plain"].shape in ((), (6,)) and name not in ("Dice", "Tversky"):
        found["weighted"] = np.array(loss(y_true, y_pred, sample_weight=weights(len(y_pred))))
    return found


# --- metrics --------------------------------------------------------------------------------------

METRICS: dict[str, tuple[str, dict[str, Any], str]] = {
    "mse": ("MeanSquaredError", {}, "real"),
    "rmse": ("RootMeanSquaredError", {}, "real"),
    "mae": ("MeanAbsoluteError", {}, "real"),
    "mape": ("MeanAbsolutePercentageError", {}, "real"),
    "msle": ("MeanSquaredLogarithmicError", {}, "positive"),
    "cosine": ("CosineSimilarity", {}, "real"),
    "log_cosh": ("LogCoshError", {}, "real"),
    "kld": ("KLDivergence", {}, "probabilities"),
    "poisson": ("Poisson", {}, "positive"),
    "bce": ("BinaryCrossentropy", {}, "binary"),
    "cce": ("CategoricalCrossentropy", {"label_smoothing": 0.1}, "probabilities"),
    "sparse": ("SparseCategoricalCrossentropy", {}, "labels_probabilities"),
    "sparse_ignore": (
        "SparseCategoricalCrossentropy",
        {"ignore_class": 1},
        "labels_probabilities",
    ),
    "hinge": ("Hinge", {}, "signs"),
    "squared_hinge": ("SquaredHinge", {}, "signs"),
    "categorical_hinge": ("CategoricalHinge", {}, "one_hot"),
    "accuracy": ("Accuracy", {}, "maps"),
    "binary_accuracy": ("BinaryAccuracy", {"threshold": 0.4}, "binary"),
    "categorical_accuracy": ("CategoricalAccuracy", {}, "probabilities"),
    "sparse_accuracy": ("SparseCategoricalAccuracy", {}, "labels"),
    "top_k": ("TopKCategoricalAccuracy", {"k": 2}, "one_hot"),
    "sparse_top_k": ("SparseTopKCategoricalAccuracy", {"k": 2}, "labels"),
    "tp": ("TruePositives", {"thresholds": [0.3, 0.7]}, "binary"),
    "fp": ("FalsePositives", {}, "binary"),
    "tn": ("TrueNegatives", {}, "binary"),
    "fn": ("FalseNegatives", {"thresholds": [0.0, 0.5, 1.0]}, "binary"),
    "precision": ("Precision", {}, "binary"),
    "precision_many": ("Precision", {"thresholds": [0.2, 0.6]}, "binary"),
    "precision_top": ("Precision", {"top_k": 2, "class_id": 1}, "binary"),
    "recall": ("Recall", {"class_id": 2}, "binary"),
    "f1": ("F1Score", {}, "binary"),
    "f1_micro": ("F1Score", {"average": "micro", "threshold": 0.5}, "binary"),
    "f1_weighted": ("F1Score", {"average": "weighted", "threshold": 0.4}, "binary"),
    "fbeta_macro": ("FBetaScore", {"average": "macro", "beta": 2.0, "threshold": 0.5}, "binary"),
    "auc": ("AUC", {}, "binary"),
    "auc_pr": ("AUC", {"curve": "PR", "num_thresholds": 50}, "binary"),
    "auc_pr_major": ("AUC", {"curve": "PR", "summation_method": "majoring"}, "binary"),
    "auc_gain": ("AUC", {"curve": "PRGAIN", "summation_method": "minoring"}, "binary"),
    "auc_own": ("AUC", {"thresholds": [0.1, 0.35, 0.8]}, "binary"),
    "auc_labels": ("AUC", {"multi_label": True, "num_thresholds": 20}, "binary"),
    "auc_labels_own": (
        "AUC",
        {"multi_label": True, "thresholds": [0.2, 0.5], "label_weights": [1.0, 2.0, 0.5, 1.0]},
        "binary",
    ),
    "auc_logits": ("AUC", {"from_logits": True}, "binary_logits"),
    "sens_at_spec": ("SensitivityAtSpecificity", {"specificity": 0.6}, "binary"),
    "spec_at_sens": ("SpecificityAtSensitivity", {"sensitivity": 0.6}, "binary"),
    "prec_at_recall": ("PrecisionAtRecall", {"recall": 0.5, "num_thresholds": 30}, "binary"),
    "recall_at_prec": ("RecallAtPrecision", {"precision": 0.5}, "binary"),
    "iou": ("IoU", {"num_classes": 4, "target_class_ids": [1, 2]}, "maps"),
    "mean_iou": ("MeanIoU", {"num_classes": 4}, "maps"),
    "binary_iou": ("BinaryIoU", {"threshold": 0.4}, "binary"),
    "one_hot_iou": ("OneHotIoU", {"num_classes": 4, "target_class_ids": [0, 3]}, "one_hot"),
    "one_hot_mean_iou": ("OneHotMeanIoU", {"num_classes": 4}, "one_hot"),
    "pearson": ("PearsonCorrelation", {}, "close"),
    "concordance": ("ConcordanceCorrelation", {}, "close"),
    "r2": ("R2Score", {}, "close"),
    "r2_variance": ("R2Score", {"class_aggregation": "variance_weighted_average"}, "close"),
    "r2_adjusted": ("R2Score", {"num_regressors": 1}, "close"),
    "r2_each": ("R2Score", {"class_aggregation": None}, "close"),
}
_UNWEIGHTED = ("IoU", "MeanIoU", "BinaryIoU", "OneHotIoU", "OneHotMeanIoU")


def run_metric(keras: Any, case: tuple[str, dict[str, Any], str]) -> dict[str, Any]:
    """The result after one batch, after a second one, and with sample weights."""
    name, options, kind = case
    y_true, y_pred = data(kind)
    metric = getattr(keras.metrics, name)(**options)
    metric.update_state(y_true, y_pred)
    found = {"first": np.array(metric.result())}
    metric.update_state(y_true[:4], y_pred[:4][::-1].copy())
    found["second"] = np.array(metric.result())
    metric.reset_state()
    if name not in _UNWEIGHTED:
        metric.update_state(y_true, y_pred, sample_weight=weights(6))
        found["weighted"] = np.array(metric.result())
    return found


CASES: dict[str, dict[str, Any]] = {
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "loss": LOSSES,
    "metric": METRICS,
}
