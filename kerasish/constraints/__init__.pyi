# Written by scripts/make_names.py.
from typing import Any

from kerasish.constraints.projections import Constraint as Constraint
from kerasish.constraints.projections import MaxNorm as MaxNorm
from kerasish.constraints.projections import MinMaxNorm as MinMaxNorm
from kerasish.constraints.projections import NonNeg as NonNeg
from kerasish.constraints.projections import UnitNorm as UnitNorm

__all__: list[str]
max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm
def deserialize(config: Any, custom_objects: Any = ...) -> Any: ...
def get(identifier: Any) -> Any: ...
def serialize(constraint: Any) -> Any: ...
