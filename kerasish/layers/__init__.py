"""Layers: tensors in, tensors out, with weights in between."""

from kerasish.layers import operation as _operation
from kerasish.layers.core import Activation, Dense, Embedding, Identity, Lambda, Masking
from kerasish.layers.input_layer import Input, InputLayer
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.layers.regularization import Dropout
from kerasish.layers.reshaping import Flatten, Permute, RepeatVector, Reshape

Operation = _operation.Operation

__all__ = [
    "Activation",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "Identity",
    "Input",
    "InputLayer",
    "InputSpec",
    "Lambda",
    "Layer",
    "Masking",
    "Operation",
    "Permute",
    "RepeatVector",
    "Reshape",
]
