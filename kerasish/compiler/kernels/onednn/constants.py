"""The numbers of oneDNN 3's C enumerations (dnnl_types.h) that the bindings use."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Status(IntEnum):
    """dnnl_status_t."""

    SUCCESS = 0
    OUT_OF_MEMORY = 1
    INVALID_ARGUMENTS = 2
    UNIMPLEMENTED = 3
    LAST_IMPL_REACHED = 4
    RUNTIME_ERROR = 5
    NOT_REQUIRED = 6


class Arg(IntEnum):
    """Execution argument indices (DNNL_ARG_*)."""

    SRC = 1
    DST = 17
    WEIGHTS = 33
    BIAS = 41
    WORKSPACE = 64
    SCRATCHPAD = 80
    DIFF_SRC = 129
    DIFF_DST = 145
    DIFF_WEIGHTS = 161


class Query(IntEnum):
    """dnnl_query_t."""

    IMPL_INFO = 8
    EXEC_ARG_MD = 255


class Prop(IntEnum):
    """dnnl_prop_kind_t."""

    FORWARD_TRAINING = 64
    FORWARD_INFERENCE = 96
    BACKWARD = 128


class Alg(IntEnum):
    """dnnl_alg_kind_t."""

    CONVOLUTION_DIRECT = 1
    POOLING_MAX = 511
    POOLING_AVG_EXCLUDE_PADDING = 1023


DTYPES: Final = {"float16": 1, "bfloat16": 2, "float32": 3, "int32": 4, "int8": 5, "uint8": 6}
"""dnnl_data_type_t by numpy's name."""

UNDEFINED: Final = 0
"""dnnl_data_type_undef: as in the destination."""

FORMAT_ANY: Final = 1
"""dnnl_format_tag_any: the primitive picks its layout."""

CPU: Final = 1
STREAM_DEFAULT: Final = 1
SCRATCHPAD_USER: Final = 1
MAX_NDIMS: Final = 12
