"""kerasish: a Keras-like toolkit on its own small graph engine.

    import kerasish as keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])

Nothing is loaded before it is used: a name is looked up when it is first asked for.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kerasish import registry as _registry
from kerasish.collector import resting as _resting
from kerasish.collector import take_for_old as _take_for_old
from kerasish.errors import told as _told
from kerasish.version import __version__

_MODULES = frozenset(
    "activations backend callbacks cli compiler config constraints data datasets declarative "
    "dtype_policies errors graph initializers inspect layers losses metrics mixed_precision models "
    "ops optimizers random registry regularizers saving serialization spec testing training tree "
    "utils".split()
)
_HOMES = {
    "kerasish.models": "Model Sequential Functional",
    "kerasish.layers": "Input InputSpec Layer Operation",
    "kerasish.layers.base.policy": "DTypePolicy",
    "kerasish.layers.base.remat": "RematScope",
    "kerasish.graph": (
        "GradientTape Graph Node Op Tensor Variable convert_to_tensor eagerly format_graph grad "
        "hessian hvp is_tensor jacfwd jacobian jvp overridden_gradient register_gradient "
        "stop_gradient trace value_and_grad vjp"
    ),
    "kerasish.graph.node": "name_scope scope",
    "kerasish.graph.op": "no_gradient",
    "kerasish.ops.control.remat": "remat",
    "kerasish.ops.stateless": "StatelessScope",
    "kerasish.ops.symbol": "KerasTensor",
    "kerasish.compiler.functions": "function",
    "kerasish.models.symbolic_function": "Function",
    "kerasish.initializers": "Initializer",
    "kerasish.regularizers": "Regularizer",
    "kerasish.constraints": "Constraint",
    "kerasish.losses": "Loss",
    "kerasish.metrics": "Metric",
    "kerasish.optimizers": "Optimizer",
    "kerasish.serialization": "register register_keras_serializable",
}
_NAMES = {name: module for module, names in _HOMES.items() for name in names.split()}


# Functions whose modules stand on a higher floor than the classes and modules that offer them.
_METHODS = {
    **{f"model.{name}": "kerasish.inspect.models" for name in ("profile", "memory", "graph")},
    "utils.is_keras_tensor": "kerasish.utils",
    **{f"config.{name}": "kerasish.backend" for name in ("backend", "set_backend")},
    **{f"config.{n}": "kerasish.layers.base.policy" for n in ("dtype_policy", "set_dtype_policy")},
}


def _module(name: str) -> Any:
    held = sys.modules.get(name)
    if held is None:
        with _resting():
            held = importlib.import_module(name)
        _take_for_old()
    return held


def _late(name: str, module: str) -> Callable[..., Any]:
    """The function of a module that is loaded when it is first called."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(_module(module), name)(*args, **kwargs)

    return call


for _name, _home in _METHODS.items():
    _registry.add("method", _late(_name.partition(".")[2], _home), _name)


# Which module enters the built-in names of a kind.
_ENTERED_BY = {
    "ops": "op method",
    "compiler.kernels.alone": "runner",
    "activations": "activation",
    "callbacks": "callback",
    "constraints": "constraint",
    "datasets": "dataset",
    "initializers": "initializer",
    "layers": "layer",
    "losses": "loss",
    "metrics": "metric",
    "models": "model",
    "optimizers": "optimizer",
    "optimizers.schedules": "schedule",
    "regularizers": "regularizer",
}


def _loader(module: str) -> Callable[[], Any]:
    return lambda: _module(f"kerasish.{module}")


for _home, _kinds in _ENTERED_BY.items():
    for _kind in _kinds.split():
        _registry.home(_kind, _loader(_home))


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        found: Any = _module(f"kerasish.{name}")
    elif name in _NAMES:
        if _NAMES[name] == "kerasish.graph":
            _module("kerasish.ops")  # which gives tensors their operators
        found = getattr(_module(_NAMES[name]), name)
    else:
        near = "" if name[0] == "_" else _registry.hint(name, __dir__())
        raise AttributeError(_told(f"module 'kerasish' has no attribute {name!r}", fix=near))
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({"__version__", "version", *_MODULES, *_NAMES})


def version() -> str:
    """The version of kerasish."""
    return __version__


if TYPE_CHECKING:
    from kerasish import activations as activations
    from kerasish import backend as backend
    from kerasish import callbacks as callbacks
    from kerasish import cli as cli
    from kerasish import compiler as compiler
    from kerasish import config as config
    from kerasish import constraints as constraints
    from kerasish import data as data
    from kerasish import datasets as datasets
    from kerasish import declarative as declarative
    from kerasish import dtype_policies as dtype_policies
    from kerasish import errors as errors
    from kerasish import graph as graph
    from kerasish import initializers as initializers
    from kerasish import inspect as inspect
    from kerasish import layers as layers
    from kerasish import losses as losses
    from kerasish import metrics as metrics
    from kerasish import mixed_precision as mixed_precision
    from kerasish import models as models
    from kerasish import ops as ops
    from kerasish import optimizers as optimizers
    from kerasish import random as random
    from kerasish import registry as registry
    from kerasish import regularizers as regularizers
    from kerasish import saving as saving
    from kerasish import serialization as serialization
    from kerasish import spec as spec
    from kerasish import testing as testing
    from kerasish import training as training
    from kerasish import tree as tree
    from kerasish import utils as utils
    from kerasish.compiler.functions import function as function
    from kerasish.constraints import Constraint as Constraint
    from kerasish.graph import GradientTape as GradientTape
    from kerasish.graph import Graph as Graph
    from kerasish.graph import Node as Node
    from kerasish.graph import Op as Op
    from kerasish.graph import Tensor as Tensor
    from kerasish.graph import Variable as Variable
    from kerasish.graph import convert_to_tensor as convert_to_tensor
    from kerasish.graph import eagerly as eagerly
    from kerasish.graph import format_graph as format_graph
    from kerasish.graph import grad as grad
    from kerasish.graph import hessian as hessian
    from kerasish.graph import hvp as hvp
    from kerasish.graph import is_tensor as is_tensor
    from kerasish.graph import jacfwd as jacfwd
    from kerasish.graph import jacobian as jacobian
    from kerasish.graph import jvp as jvp
    from kerasish.graph import overridden_gradient as overridden_gradient
    from kerasish.graph import register_gradient as register_gradient
    from kerasish.graph import stop_gradient as stop_gradient
    from kerasish.graph import trace as trace
    from kerasish.graph import value_and_grad as value_and_grad
    from kerasish.graph import vjp as vjp
    from kerasish.graph.node import name_scope as name_scope
    from kerasish.graph.node import scope as scope
    from kerasish.graph.op import no_gradient as no_gradient
    from kerasish.initializers import Initializer as Initializer
    from kerasish.layers import Input as Input
    from kerasish.layers import InputSpec as InputSpec
    from kerasish.layers import Layer as Layer
    from kerasish.layers import Operation as Operation
    from kerasish.layers.base.policy import DTypePolicy as DTypePolicy
    from kerasish.layers.base.remat import RematScope as RematScope
    from kerasish.losses import Loss as Loss
    from kerasish.metrics import Metric as Metric
    from kerasish.models import Functional as Functional
    from kerasish.models import Model as Model
    from kerasish.models import Sequential as Sequential
    from kerasish.models.symbolic_function import Function as Function
    from kerasish.ops.control.remat import remat as remat
    from kerasish.ops.stateless import StatelessScope as StatelessScope
    from kerasish.ops.symbol import KerasTensor as KerasTensor
    from kerasish.optimizers import Optimizer as Optimizer
    from kerasish.regularizers import Regularizer as Regularizer
    from kerasish.serialization import register as register
    from kerasish.serialization import register_keras_serializable as register_keras_serializable
