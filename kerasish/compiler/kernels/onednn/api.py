"""oneDNN's C functions with their types, statuses turned into errors, handles that free themselves.

Reference: the oneDNN 3 developer guide, "C API"; dnnl.h of the same version, and for the numbers of
its enumerations, of which those stand here that the bindings use, dnnl_types.h.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from ctypes import c_char_p, c_float, c_int, c_int64, c_size_t, c_uint, c_void_p
from enum import IntEnum
from functools import cache
from typing import Any, Final

from kerasish.compiler.kernels.onednn.library import load
from kerasish.errors import BackendError


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

Dims = c_int64 * MAX_NDIMS  # dnnl_dims_t

_TYPES: dict[str, Any] = {
    "p": c_void_p,
    "i": c_int,
    "l": c_int64,
    "f": c_float,
    "u": c_uint,
    "d": Dims,
}

# p pointer or handle, i int or enumeration, l int64, f float, u unsigned, d dnnl_dims_t.
_SIGNATURES = {
    "engine_create": "pil",
    "stream_create": "ppu",
    "memory_create": "pppp",
    "memory_destroy": "p",
    "memory_set_data_handle": "pp",
    "memory_desc_create_with_strides": "pidid",
    "memory_desc_create_with_tag": "pidii",
    "memory_desc_destroy": "p",
    "primitive_attr_create": "p",
    "primitive_attr_destroy": "p",
    "primitive_attr_set_scratchpad_mode": "pi",
    "primitive_attr_set_post_ops": "pp",
    "post_ops_create": "p",
    "post_ops_destroy": "p",
    "post_ops_append_sum": "pfii",
    "primitive_desc_query": "piip",
    "primitive_desc_next_impl": "p",
    "primitive_desc_destroy": "p",
    "primitive_create": "pp",
    "primitive_destroy": "p",
    "reorder_primitive_desc_create": "pppppp",
    "convolution_forward_primitive_desc_create": "ppiippppddddp",
    "convolution_backward_data_primitive_desc_create": "ppipppddddpp",
    "convolution_backward_weights_primitive_desc_create": "ppippppddddpp",
    "pooling_forward_primitive_desc_create": "ppiippdddddp",
    "pooling_backward_primitive_desc_create": "ppippdddddpp",
    "matmul_primitive_desc_create": "ppppppp",
    "primitive_desc_query_md": "pii",
    "memory_desc_get_size": "p",
    "memory_desc_equal": "pp",
}
# What functions return that do not return a status.
_RESULTS: dict[str, Any] = {"primitive_desc_query_md": c_void_p, "memory_desc_get_size": c_size_t}


class OneDNNError(BackendError):
    """A oneDNN call failed."""


class UnsupportedError(OneDNNError):
    """oneDNN has no (fast) implementation of what was asked; another provider must do it."""


@cache
def _function(name: str) -> Any:
    function = getattr(load(), f"dnnl_{name}")
    function.argtypes = [_TYPES[letter] for letter in _SIGNATURES[name]]
    function.restype = _RESULTS.get(name, c_int)
    return function


def call(name: str, *args: Any) -> None:
    """Call `dnnl_<name>`.

    Raises:
        UnsupportedError: oneDNN says "unimplemented", or has no further implementation.
        OneDNNError: any other status but success.
    """
    status = _function(name)(*args)
    if status != Status.SUCCESS:
        raise_status(name, status)


def raise_status(name: str, status: int) -> None:
    """Raise the error that a status stands for."""
    known = status in Status._value2member_map_
    text = Status(status).name.lower() if known else f"status {status}"
    missing = status in (Status.UNIMPLEMENTED, Status.LAST_IMPL_REACHED)
    kind = UnsupportedError if missing else OneDNNError
    raise kind(f"dnnl_{name} failed", expected="success", received=text)


class Handle:
    """A C object, destroyed with its Python owner; ctypes takes it as an argument as it is."""

    __slots__ = ("_as_parameter_", "_destroy")

    def __init__(self, destroy: str, create: str, *args: Any) -> None:
        self._destroy: Any = None
        pointer = c_void_p()
        call(create, ctypes.byref(pointer), *args)
        self._as_parameter_ = pointer
        self._destroy = _function(destroy)

    def __del__(self) -> None:
        if self._destroy is not None:
            self._destroy(self._as_parameter_)


_engine_lock = threading.Lock()


@cache
def _make_engine() -> tuple[c_void_p, c_void_p]:
    engine, stream = c_void_p(), c_void_p()
    call("engine_create", ctypes.byref(engine), CPU, 0)
    call("stream_create", ctypes.byref(stream), engine, STREAM_DEFAULT)
    return engine, stream


def engine() -> c_void_p:
    """The process's CPU engine; it lives as long as the process."""
    with _engine_lock:
        return _make_engine()[0]


def stream() -> c_void_p:
    """The process's stream: on the CPU a primitive has finished when its call returns."""
    with _engine_lock:
        return _make_engine()[1]


class Desc:
    """A memory descriptor: shape, dtype and layout, without data."""

    __slots__ = ("_as_parameter_", "_owner")

    def __init__(self, pointer: c_void_p, owner: object) -> None:
        self._as_parameter_ = pointer
        self._owner = owner

    @classmethod
    def strided(cls, shape: Sequence[int], strides: Sequence[int], dtype: str) -> Desc:
        """A plain layout; strides in elements."""
        return cls._made("with_strides", shape, dtype, Dims(*strides))

    @classmethod
    def any(cls, shape: Sequence[int], dtype: str = "float32") -> Desc:
        """A layout left to the primitive."""
        return cls._made("with_tag", shape, dtype, FORMAT_ANY)

    @classmethod
    def _made(cls, how: str, shape: Sequence[int], dtype: str, layout: Any) -> Desc:
        own = len(shape), Dims(*shape), DTYPES[dtype], layout
        handle = Handle("memory_desc_destroy", f"memory_desc_create_{how}", *own)
        return cls(handle._as_parameter_, handle)

    @property
    def nbytes(self) -> int:
        """Bytes a buffer of this layout takes."""
        return _function("memory_desc_get_size")(self)

    def same(self, other: Desc) -> bool:
        """Whether two descriptors are equal, layout included."""
        return bool(_function("memory_desc_equal")(self, other))


def attributes(accumulate: bool = False) -> Handle:
    """Primitive attributes: our own scratchpad, and dst += where asked."""
    attr = Handle("primitive_attr_destroy", "primitive_attr_create")
    call("primitive_attr_set_scratchpad_mode", attr, SCRATCHPAD_USER)
    if accumulate:
        post = Handle("post_ops_destroy", "post_ops_create")
        call("post_ops_append_sum", post, 1.0, 0, UNDEFINED)  # in the dtype of dst
        call("primitive_attr_set_post_ops", attr, post)
    return attr


class PrimitiveDesc(Handle):
    """A primitive descriptor: a computation with its layouts and implementation settled."""

    __slots__ = ()

    def __init__(self, create: str, *args: Any) -> None:
        super().__init__("primitive_desc_destroy", f"{create}_primitive_desc_create", *args)

    def desc(self, arg: Arg) -> Desc:
        """The layout the primitive wants for one of its arguments."""
        found = _function("primitive_desc_query_md")(self, Query.EXEC_ARG_MD, arg)
        return Desc(c_void_p(found), self)

    @property
    def implementation(self) -> str:
        """The implementation's name, such as "brgconv:avx512_core"."""
        text = c_char_p()
        call("primitive_desc_query", self, Query.IMPL_INFO, 0, ctypes.byref(text))
        return (text.value or b"").decode()

    def skip(self, unwanted: str) -> PrimitiveDesc:
        """Itself, at the first implementation whose name does not begin like this.

        Raises:
            UnsupportedError: there is none.
        """
        while self.implementation.startswith(unwanted):
            call("primitive_desc_next_impl", self)
        return self

    def require_fast(self) -> PrimitiveDesc:
        """Itself, unless it is the reference loop, which is slower than numpy."""
        if self.implementation.startswith("ref"):
            raise UnsupportedError(
                "oneDNN has only its reference loop for this computation",
                expected="a compiled kernel",
                received=self.implementation,
                fix="Use another provider.",
            )
        return self
