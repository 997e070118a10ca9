"""First values of weights, under Keras's names, and the way from names and configs to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish import registry
from kerasish.hints import namespace
from kerasish.initializers.constant import STFT, Constant, Identity, Ones, Zeros
from kerasish.initializers.drawn import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)
from kerasish.initializers.initializer import Initializer
from kerasish.kinds import forms
from kerasish.naming import snake_case
from kerasish.serialization import resolve

BUILT_IN = (
    Constant, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Identity, LecunNormal,
    LecunUniform, Ones, Orthogonal, RandomNormal, RandomUniform, STFT, TruncatedNormal,
    VarianceScaling, Zeros,
)  # fmt: skip
for _cls in BUILT_IN:
    registry.add("initializer", _cls, _cls.__name__, snake_case(_cls.__name__))
for _cls, _long in ((Identity, "IdentityInitializer"), (Orthogonal, "OrthogonalInitializer")):
    registry.add("initializer", _cls, _long)
registry.add("initializer", STFT, "STFTInitializer")
registry.add("initializer", RandomNormal, "normal")
registry.add("initializer", RandomUniform, "uniform")
registry.add("initializer", Ones, "one")
registry.add("initializer", Zeros, "zero")

IdentityInitializer, OrthogonalInitializer, STFTInitializer = Identity, Orthogonal, STFT
constant, identity, ones, orthogonal, stft, zeros = (
    Constant, Identity, Ones, Orthogonal, STFT, Zeros,
)  # fmt: skip
glorot_normal, glorot_uniform = GlorotNormal, GlorotUniform
he_normal, he_uniform = HeNormal, HeUniform
lecun_normal, lecun_uniform = LecunNormal, LecunUniform
random_normal, random_uniform = RandomNormal, RandomUniform
truncated_normal, variance_scaling = TruncatedNormal, VarianceScaling


def get(identifier: Any) -> Callable[..., Any] | None:
    """The initializer that a name, a config, an array, a class or a callable stands for.

    Raises:
        UnknownNameError: no such name; the message lists the nearest ones.
        ArgumentError: nothing that could stand for an initializer.
    """
    if isinstance(identifier, np.ndarray) or hasattr(identifier, "is_symbolic"):
        return Constant(np.asarray(identifier))
    return resolve("initializer", identifier)


_, serialize, deserialize = forms("initializer")


__all__ = [
    "BUILT_IN", "STFT", "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform",
    "Identity", "IdentityInitializer", "Initializer", "LecunNormal", "LecunUniform", "Ones",
    "Orthogonal", "OrthogonalInitializer", "RandomNormal", "RandomUniform", "STFTInitializer",
    "TruncatedNormal", "VarianceScaling", "Zeros", "constant", "deserialize", "get",
    "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "identity", "lecun_normal",
    "lecun_uniform", "ones", "orthogonal", "random_normal", "random_uniform", "serialize", "stft",
    "truncated_normal", "variance_scaling", "zeros",
]  # fmt: skip
__getattr__, __dir__ = namespace(__name__, __all__)
