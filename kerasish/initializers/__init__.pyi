# Written by scripts/make_names.py.
from typing import Any

from kerasish.initializers.drawn import GlorotNormal as GlorotNormal
from kerasish.initializers.drawn import GlorotUniform as GlorotUniform
from kerasish.initializers.drawn import HeNormal as HeNormal
from kerasish.initializers.drawn import HeUniform as HeUniform
from kerasish.initializers.drawn import LecunNormal as LecunNormal
from kerasish.initializers.drawn import LecunUniform as LecunUniform
from kerasish.initializers.drawn import Orthogonal as Orthogonal
from kerasish.initializers.drawn import Orthogonal as OrthogonalInitializer
from kerasish.initializers.drawn import RandomNormal as RandomNormal
from kerasish.initializers.drawn import RandomUniform as RandomUniform
from kerasish.initializers.drawn import TruncatedNormal as TruncatedNormal
from kerasish.initializers.drawn import VarianceScaling as VarianceScaling
from kerasish.initializers.drawn import GlorotNormal as glorot_normal
from kerasish.initializers.drawn import GlorotUniform as glorot_uniform
from kerasish.initializers.drawn import HeNormal as he_normal
from kerasish.initializers.drawn import HeUniform as he_uniform
from kerasish.initializers.drawn import LecunNormal as lecun_normal
from kerasish.initializers.drawn import LecunUniform as lecun_uniform
from kerasish.initializers.drawn import Orthogonal as orthogonal
from kerasish.initializers.drawn import RandomNormal as random_normal
from kerasish.initializers.drawn import RandomUniform as random_uniform
from kerasish.initializers.drawn import TruncatedNormal as truncated_normal
from kerasish.initializers.drawn import VarianceScaling as variance_scaling
from kerasish.initializers.fixed import Constant as Constant
from kerasish.initializers.fixed import Identity as Identity
from kerasish.initializers.fixed import Identity as IdentityInitializer
from kerasish.initializers.fixed import Ones as Ones
from kerasish.initializers.fixed import STFT as STFT
from kerasish.initializers.fixed import STFT as STFTInitializer
from kerasish.initializers.fixed import Zeros as Zeros
from kerasish.initializers.fixed import Constant as constant
from kerasish.initializers.fixed import Identity as identity
from kerasish.initializers.fixed import Ones as ones
from kerasish.initializers.fixed import STFT as stft
from kerasish.initializers.fixed import Zeros as zeros
from kerasish.initializers.initializer import Initializer as Initializer

__all__: list[str]
def deserialize(config: Any, custom_objects: Any = ...) -> Any: ...
def get(identifier: Any) -> Any: ...
def serialize(initializer: Any) -> Any: ...
