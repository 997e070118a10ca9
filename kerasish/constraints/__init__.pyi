# Written by scripts/make_names.py.
from typing import Any

from kerasish.constraints.projections import Constraint as Constraint
from kerasish.constraints.projections import MaxNorm as MaxNorm
from kerasish.constraints.projections import MinMaxNorm as MinMaxNorm
from kerasish.constraints.projections import NonNeg as NonNeg
from kerasish.constraints.projections import UnitNorm as UnitNorm
from kerasish.constraints.projections import MaxNorm as max_norm
from kerasish.constraints.projections import MinMaxNorm as min_max_norm
from kerasish.constraints.projections import NonNeg as non_neg
from kerasish.constraints.projections import UnitNorm as unit_norm

__all__: list[str]
def deserialize(config: Any, custom_objects: Any = ...) -> Any: ...
def get(identifier: Any) -> Any: ...
def serialize(constraint: Any) -> Any: ...
