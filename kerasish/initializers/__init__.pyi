# Written by scripts/make_names.py.
from typing import Any

from kerasish.initializers.drawn import GlorotNormal as GlorotNormal
from kerasish.initializers.drawn import GlorotUniform as GlorotUniform
from kerasish.initializers.drawn import HeNormal as HeNormal
from kerasish.initializers.drawn import HeUniform as HeUniform
from kerasish.initializers.drawn import LecunNormal as LecunNormal
from kerasish.initializers.drawn import LecunUniform as LecunUniform
from kerasish.initializers.drawn import Orthogonal as Orthogonal
from kerasish.initializers.drawn import RandomNormal as RandomNormal
from kerasish.initializers.drawn import RandomUniform as RandomUniform
from kerasish.initializers.drawn import TruncatedNormal as TruncatedNormal
from kerasish.initializers.drawn import VarianceScaling as VarianceScaling
from kerasish.initializers.fixed import Constant as Constant
from kerasish.initializers.fixed import Identity as Identity
from kerasish.initializers.fixed import Ones as Ones
from kerasish.initializers.fixed import STFT as STFT
from kerasish.initializers.fixed import Zeros as Zeros
from kerasish.initializers.initializer import Initializer as Initializer

__all__: list[str]
OrthogonalInitializer = Orthogonal
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
IdentityInitializer = Identity
STFTInitializer = STFT
constant = Constant
identity = Identity
ones = Ones
stft = STFT
zeros = Zeros
def deserialize(config: Any, custom_objects: Any = ...) -> Any: ...
def get(identifier: Any) -> Any: ...
def serialize(initializer: Any) -> Any: ...
