# Written by scripts/make_names.py.
from typing import Any

from kerasish.activations.functions import exponential as exponential
from kerasish.activations.functions import gelu as gelu
from kerasish.activations.functions import linear as linear
from kerasish.activations.functions import relu as relu
from kerasish.activations.functions import sigmoid as sigmoid
from kerasish.activations.functions import silu as silu
from kerasish.activations.functions import softplus as softplus
from kerasish.activations.functions import tanh as tanh
from kerasish.ops.nn.activation import celu as celu
from kerasish.ops.nn.activation import elu as elu
from kerasish.ops.nn.activation import glu as glu
from kerasish.ops.nn.activation import hard_shrink as hard_shrink
from kerasish.ops.nn.activation import hard_sigmoid as hard_sigmoid
from kerasish.ops.nn.activation import hard_silu as hard_silu
from kerasish.ops.nn.activation import hard_tanh as hard_tanh
from kerasish.ops.nn.activation import leaky_relu as leaky_relu
from kerasish.ops.nn.activation import log_sigmoid as log_sigmoid
from kerasish.ops.nn.activation import log_softmax as log_softmax
from kerasish.ops.nn.activation import mish as mish
from kerasish.ops.nn.activation import relu6 as relu6
from kerasish.ops.nn.activation import selu as selu
from kerasish.ops.nn.activation import soft_shrink as soft_shrink
from kerasish.ops.nn.activation import softmax as softmax
from kerasish.ops.nn.activation import softsign as softsign
from kerasish.ops.nn.activation import sparse_plus as sparse_plus
from kerasish.ops.nn.activation import sparse_sigmoid as sparse_sigmoid
from kerasish.ops.nn.activation import sparsemax as sparsemax
from kerasish.ops.nn.activation import squareplus as squareplus
from kerasish.ops.nn.activation import tanh_shrink as tanh_shrink
from kerasish.ops.nn.activation import threshold as threshold

__all__: list[str]
swish = silu
hard_swish = hard_silu
def deserialize(config: Any, custom_objects: Any = ...) -> Any: ...
def get(identifier: Any) -> Any: ...
def serialize(activation: Any) -> Any: ...
