# Written by scripts/make_names.py.
from typing import Any

from kerasish.initializers.drawn import GlorotNormal as _GlorotNormal
from kerasish.initializers.drawn import Axes
from kerasish.initializers.initializer import Seed
from kerasish.initializers.drawn import GlorotUniform as _GlorotUniform
from kerasish.initializers.drawn import HeNormal as _HeNormal
from kerasish.initializers.drawn import HeUniform as _HeUniform
from kerasish.initializers.drawn import LecunNormal as _LecunNormal
from kerasish.initializers.drawn import LecunUniform as _LecunUniform
from kerasish.initializers.drawn import Orthogonal as _Orthogonal
from kerasish.initializers.drawn import RandomNormal as _RandomNormal
from kerasish.initializers.drawn import RandomUniform as _RandomUniform
from kerasish.initializers.drawn import TruncatedNormal as _TruncatedNormal
from kerasish.initializers.drawn import VarianceScaling as _VarianceScaling
from kerasish.initializers.drawn import Distribution
from kerasish.initializers.drawn import Mode
from kerasish.initializers.fixed import Constant as _Constant
from kerasish.initializers.fixed import Numbers
from kerasish.initializers.fixed import Identity as _Identity
from kerasish.initializers.fixed import Ones as Ones
from kerasish.initializers.fixed import STFT as _STFT
from kerasish.initializers.fixed import Scaling
from kerasish.initializers.fixed import Side
from kerasish.initializers.fixed import Window
from kerasish.initializers.fixed import Zeros as Zeros
from kerasish.initializers.initializer import Initializer as Initializer

__all__: list[str]
class GlorotNormal(_GlorotNormal):
    def __init__(self, seed: Seed = ..., input_axes: Axes = ..., output_axes: Axes = ...) -> None: ...
class GlorotUniform(_GlorotUniform):
    def __init__(self, seed: Seed = ..., input_axes: Axes = ..., output_axes: Axes = ...) -> None: ...
class HeNormal(_HeNormal):
    def __init__(self, seed: Seed = ..., input_axes: Axes = ..., output_axes: Axes = ...) -> None: ...
class HeUniform(_HeUniform):
    def __init__(self, seed: Seed = ..., input_axes: Axes = ..., output_axes: Axes = ...) -> None: ...
class LecunNormal(_LecunNormal):
    def __init__(self, seed: Seed = ..., input_axes: Axes = ..., output_axes: Axes = ...) -> None: ...
class LecunUniform(_LecunUniform):
    def __init__(self, seed: Seed = ..., input_axes: Axes = ..., output_axes: Axes = ...) -> None: ...
class Orthogonal(_Orthogonal):
    def __init__(self, gain: float = ..., seed: Seed = ...) -> None: ...
OrthogonalInitializer = Orthogonal
class RandomNormal(_RandomNormal):
    def __init__(self, mean: float = ..., stddev: float = ..., seed: Seed = ...) -> None: ...
class RandomUniform(_RandomUniform):
    def __init__(self, minval: float = ..., maxval: float = ..., seed: Seed = ...) -> None: ...
class TruncatedNormal(_TruncatedNormal):
    def __init__(self, mean: float = ..., stddev: float = ..., seed: Seed = ...) -> None: ...
class VarianceScaling(_VarianceScaling):
    def __init__(self, scale: float = ..., mode: Mode = ..., distribution: Distribution = ..., seed: Seed = ..., input_axes: Axes = ..., output_axes: Axes = ...) -> None: ...
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
orthogonal = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
class Constant(_Constant):
    def __init__(self, value: Numbers = ...) -> None: ...
class Identity(_Identity):
    def __init__(self, gain: float = ...) -> None: ...
IdentityInitializer = Identity
class STFT(_STFT):
    def __init__(self, side: Side = ..., window: Window = ..., scaling: Scaling = ..., periodic: bool = ...) -> None: ...
STFTInitializer = STFT
constant = Constant
identity = Identity
ones = Ones
stft = STFT
zeros = Zeros
def deserialize(config: Any, custom_objects: Any = ...) -> Any: ...
def get(identifier: Any) -> Any: ...
def serialize(initializer: Any) -> Any: ...
