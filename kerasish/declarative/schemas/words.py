"""The words about arguments: out of docstrings, those of the bases and of functions among them."""

from __future__ import annotations

import inspect
import re
from typing import Any

_ARGUMENT = re.compile(r"(\w+)(?:, \w+)*: (.*)")
# What arguments mean that no docstring on the way describes, since each speaks of a pair of them.
_COMMON = {
    "alpha": "a weight",
    "apply_class_balancing": "whether positives weigh alpha and negatives 1 - alpha",
    "axis": "the axis of the classes, or that over which is computed",
    "beta": "a weight",
    "beta_1": "how much of the mean gradient is kept, in [0, 1)",
    "beta_2": "how much of the mean squared gradient is kept, in [0, 1)",
    "bias_regularizer": "a penalty on the bias",
    "class_id": "the only class that counts; all by default",
    "decay_rate": "by how much the rate falls",
    "decay_steps": "over how many steps the rate falls by `decay_rate`",
    "depthwise_regularizer": "a penalty on the depthwise kernel",
    "epsilon": "a small number that keeps divisions finite",
    "from_logits": "whether predictions are logits, not probabilities",
    "from_sorted_ids": "whether predictions are class numbers, best first, not scores",
    "gamma": "how much less easy samples weigh",
    "ignore_class": "a class number of targets that do not count",
    "initial_learning_rate": "the rate at the start",
    "k": "how many of the best predictions count",
    "kernel_regularizer": "a penalty on the kernel",
    "label_smoothing": "how far targets are drawn to even odds, in [0, 1]",
    "margin": "the margin between similar and dissimilar pairs",
    "name": "its name",
    "num_thresholds": "how finely thresholds are sampled",
    "pointwise_regularizer": "a penalty on the pointwise kernel",
    "precision": "the precision at which recall is measured",
    "ragged": "whether rows have lengths of their own; not supported",
    "recall": "the recall at which precision is measured",
    "recurrent_regularizer": "a penalty on the recurrent kernel",
    "remove_diagonal": "whether a sample is left out of its own pairs",
    "sensitivity": "the sensitivity at which specificity is measured",
    "staircase": "whether the rate falls in steps",
    "threshold": "scores above it are positive",
    "thresholds": "scores above it are positive; a list gives a value for each",
    "top_k": "how many of the best predictions count as positive",
    "unroll": "accepted as in Keras; loops are one op",
    "vocabulary_dtype": "the dtype of the vocabulary",
    "zero_output_for_mask": "whether masked steps give zeros, not the last output",
}


def summary(obj: Any) -> str:
    """The first paragraph of an object's own docstring on one line; "" where it has none."""
    text = inspect.cleandoc(obj.__doc__ or "")
    return " ".join(text.split("\n\n")[0].split())


def described(obj: Any) -> dict[str, str]:
    """What is said of the arguments of a class, in its docstring, else in those of its bases, else
    in that of the function that it wraps; of a function, what its docstring says."""
    if not isinstance(obj, type):
        return _said(obj)
    found: dict[str, str] = {}
    for one in reversed(obj.__mro__[:-1]):
        if one.__doc__:
            found |= _said(one)
    return found


def text_of(argument: str, found: dict[str, str]) -> str:
    """The words about an argument, out of what `described` found, else those that such arguments
    share."""
    return found.get(argument) or _COMMON.get(argument, "")


def _said(obj: Any) -> dict[str, str]:
    """The descriptions under `Args:`, by argument; `a, b: text` describes both."""
    lines = (inspect.getdoc(obj) or "").splitlines()
    if "Args:" not in lines:
        return {}
    found: dict[str, str] = {}
    names: list[str] = []
    for line in lines[lines.index("Args:") + 1 :]:
        if line.strip() and not line.startswith(" "):
            break
        match = _ARGUMENT.fullmatch(line.strip())
        indent = len(line) - len(line.lstrip())
        if match and indent == 4:
            names = [name.strip() for name in line.strip().split(":")[0].split(",")]
            found.update(dict.fromkeys(names, match.group(2)))
        elif line.strip():
            found.update({name: f"{found[name]} {line.strip()}" for name in names})
    return found
