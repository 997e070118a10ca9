# Written by scripts/make_names.py.
from typing import Any

from kerasish.regularizers.penalties import L1 as L1
from kerasish.regularizers.penalties import L1L2 as L1L2
from kerasish.regularizers.penalties import L2 as L2
from kerasish.regularizers.penalties import OrthogonalRegularizer as OrthogonalRegularizer
from kerasish.regularizers.penalties import Regularizer as Regularizer

__all__: list[str]
l1 = L1
l1_l2 = L1L2
l1l2 = L1L2
l2 = L2
orthogonal_regularizer = OrthogonalRegularizer
def deserialize(config: Any, custom_objects: Any = ...) -> Any: ...
def get(identifier: Any) -> Any: ...
def serialize(regularizer: Any) -> Any: ...
