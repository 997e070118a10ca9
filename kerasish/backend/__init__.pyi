# Written by scripts/make_names.py.
from typing import Any

from kerasish.backend.base import Backend as Backend
from kerasish.backend.base import backend as backend
from kerasish.backend.base import get as get
from kerasish.backend.base import set_backend as set_backend
from kerasish.backend.settings import clear_session as clear_session
from kerasish.backend.settings import epsilon as epsilon
from kerasish.backend.settings import floatx as floatx
from kerasish.backend.settings import get_uid as get_uid
from kerasish.backend.settings import image_data_format as image_data_format
from kerasish.backend.settings import is_float_dtype as is_float_dtype
from kerasish.backend.settings import is_int_dtype as is_int_dtype
from kerasish.backend.settings import result_type as result_type
from kerasish.backend.settings import set_epsilon as set_epsilon
from kerasish.backend.settings import set_floatx as set_floatx
from kerasish.backend.settings import set_image_data_format as set_image_data_format
from kerasish.backend.settings import standardize_dtype as standardize_dtype

__all__: list[str]
def is_keras_tensor(x: Any) -> Any: ...
