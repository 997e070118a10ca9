# Written by scripts/make_names.py.
from typing import Any

from kerasish.regularizers.penalties import L1 as L1
from kerasish.regularizers.penalties import L1L2 as L1L2
from kerasish.regularizers.penalties import L2 as L2
from kerasish.regularizers.penalties import OrthogonalRegularizer as OrthogonalRegularizer
from kerasish.regularizers.penalties import Regularizer as Regularizer
from kerasish.regularizers.penalties import L1 as l1
from kerasish.regularizers.penalties import L1L2 as l1_l2
from kerasish.regularizers.penalties import L1L2 as l1l2
from kerasish.regularizers.penalties import L2 as l2
from kerasish.regularizers.penalties import OrthogonalRegularizer as orthogonal_regularizer

__all__: list[str]
def deserialize(config: Any, custom_objects: Any = ...) -> Any: ...
def get(identifier: Any) -> Any: ...
def serialize(regularizer: Any) -> Any: ...
