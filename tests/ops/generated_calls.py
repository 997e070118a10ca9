"""Calls of public functions, generated: the same ones for the same seed, whoever asks.

A generator draws the arguments of one call: dtypes, shapes and options. `calls_of(name)` gives the
calls of one function; test_generated.py compares what Keras and kerasish make of them. Only numpy
and ml_dtypes are imported here.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np

FLOATS = ("float32", "float16", "float64", "bfloat16")
INTS = ("int32", "uint8", "int8", "int64")
DTYPES = ("float32", "int32", "bool", "float16", "uint8", "bfloat16", "int8", "float64", "int64")
COUNT = 18


@dataclass(frozen=True)
class Call:
    """`<name>(*args, **kwargs)`, with numpy arrays for tensors.

    `number` counts the calls of a name; `grad` says whether gradients are compared.
    """

    name: str
    number: int
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    grad: bool = True

    def __str__(self) -> str:
        shown = [show(a) for a in self.args] + [f"{k}={show(v)}" for k, v in self.kwargs.items()]
        return f"{self.name}#{self.number}({', '.join(shown)})"


def show(value: Any) -> str:
    """An argument as short text."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype.name}{list(value.shape)}"
    if isinstance(value, (list, tuple)):
        return f"{'[' if isinstance(value, list) else '('}{', '.join(map(show, value))})"
    return repr(value)


class Draw:
    """A source of arguments. `turn` counts the calls of a function, so that dtypes take turns."""

    def __init__(self, name: str, turn: int, seed: int) -> None:
        self.turn = turn
        self.rng = np.random.default_rng((zlib.crc32(name.encode()), turn, seed))

    def pick(self, *options: Any) -> Any:
        """One of the options."""
        return options[int(self.rng.integers(len(options)))]

    def chance(self, share: float = 0.5) -> bool:
        return bool(self.rng.random() < share)

    def int(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return int(self.rng.integers(low, high + 1))

    def dtype(self, dtypes: Sequence[str] = DTYPES) -> str:
        """The dtype whose turn it is."""
        return dtypes[self.turn % len(dtypes)]

    def any_dtype(self, dtypes: Sequence[str] = DTYPES) -> str:
        return self.pick(*dtypes)

    def shape(self, low: int = 0, high: int = 4, least: int = 0) -> tuple[int, ...]:
        """Of a rank from low to high, with axes of size 1 and, now and then, 0."""
        rank = self.int(low, high)
        sizes = (1, 2, 3, 4) if least < 2 else (2, 3, 4)
        dims = [self.pick(*sizes) for _ in range(rank)]
        if rank and least == 0 and self.chance(0.1):
            dims[self.int(0, rank - 1)] = 0
        return tuple(dims)

    def fellow(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """A shape that broadcasts with `shape`, or now and then does not."""
        dims = [1 if self.chance(0.3) else d for d in shape]
        if dims and self.chance(0.05):
            dims[-1] += 1
        return tuple(dims[self.int(0, len(dims)) :] if self.chance(0.3) else dims)

    def values(self, shape: tuple[int, ...], dtype: str, low: float, high: float) -> np.ndarray:
        """An array of values in [low, high), as far as the dtype has them."""
        if dtype == "bool":
            return self.rng.integers(0, 2, shape).astype(bool)
        if dtype.startswith("uint"):
            low = max(low, 0)
        if "int" in dtype:
            least, most = int(np.ceil(low)), int(np.ceil(high))
            return self.rng.integers(least, max(most, least + 1), shape).astype(dtype)
        kind = ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype
        return self.rng.uniform(low, high, shape).astype(kind)

    def array(
        self,
        shape: tuple[int, ...] | None = None,
        dtype: str | None = None,
        low: float = -3.0,
        high: float = 3.0,
    ) -> np.ndarray:
        """An array; some are not contiguous."""
        shape = self.shape() if shape is None else shape
        dtype = dtype or self.dtype()
        if shape and self.chance(0.2):
            wide = self.values((*shape[:-1], 2 * shape[-1]), dtype, low, high)
            return wide[..., ::2]
        if len(shape) > 1 and self.chance(0.2):
            return self.values(shape[::-1], dtype, low, high).T
        return self.values(shape, dtype, low, high)

    def special(self, shape: tuple[int, ...] | None = None, dtype: str = "float32") -> np.ndarray:
        """Floats with zeros of both signs, infinities, NaN and very large and small ones."""
        x = self.array((3, 4) if shape is None else shape, dtype)
        odd = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e4, -1e4, 1e-5]
        places = self.rng.random(x.shape) < 0.4
        filled = x.astype("float64")
        filled[places] = self.rng.choice(odd, int(places.sum()))
        return filled.astype(x.dtype)

    def scalar(self, low: float = -3.0, high: float = 3.0) -> Any:
        """A Python number."""
        kind = self.pick("float", "int", "bool")
        if kind == "bool":
            return self.chance()
        return (
            self.int(int(low), int(high)) if kind == "int" else float(self.rng.uniform(low, high))
        )

    def axis(self, ndim: int) -> int:
        """An axis, counted from either end, now and then one that does not exist."""
        if ndim == 0 or self.chance(0.03):
            return self.pick(ndim, -ndim - 1)
        return self.int(-ndim, ndim - 1)

    def axes(self, ndim: int) -> Any:
        """None, an axis, or several."""
        if ndim < 2 or self.chance(0.6):
            return None if self.chance(0.3) else self.axis(ndim)
        chosen = self.rng.permutation(ndim)[: self.int(1, ndim)]
        return tuple(int(a) - ndim if self.chance(0.3) else int(a) for a in chosen)


Maker = Callable[[Draw], Any]
MAKERS: dict[str, tuple[Maker, bool]] = {}


def makes(names: str, grad: bool = True) -> Callable[[Maker], Maker]:
    """Decorator: this function draws the arguments of these functions.

    It returns the positional arguments, or (positional, keywords).
    """

    def enter(maker: Maker) -> Maker:
        for name in names.split():
            assert name not in MAKERS, name
            MAKERS[name] = (maker, grad)
        return maker

    return enter


def calls_of(name: str, count: int = COUNT, seed: int = 0) -> list[Call]:
    """The first `count` calls of a function."""
    maker, grad = MAKERS[name]
    made = []
    for turn in range(count):
        drawn = maker(Draw(name, turn, seed))
        args, kwargs = drawn if len(drawn) == 2 and type(drawn[1]) is dict else (drawn, {})
        made.append(Call(name, turn, tuple(args), kwargs, grad))
    return made


# --- elementwise --------------------------------------------------------------------------------

RANGES = {
    (0.1, 3.0): "log log2 log10 sqrt rsqrt reciprocal",
    (-0.9, 3.0): "log1p",
    (-0.95, 0.95): "arcsin arccos arctanh erfinv",
    (1.1, 4.0): "arccosh",
    (-3.0, 3.0): "abs absolute fabs square exp exp2 expm1 sin cos tan sinh cosh tanh arctan "
    "arcsinh conj conjugate real imag deg2rad rad2deg sinc cbrt i0 negative erf erfc "
    "angle copy",
}
STEPS = (
    "ceil floor trunc sign signbit isnan isinf isfinite isposinf isneginf isreal logical_not "
    "bitwise_not bitwise_invert ones_like zeros_like stop_gradient"
)


def _unary(low: float, high: float) -> Maker:
    def draw(d: Draw) -> Any:
        if d.turn >= 9 and d.chance(0.2):
            return (d.scalar(low, high),)
        if d.turn >= 9 and d.chance(0.25):
            return (d.special(dtype=d.pick("float32", "float16", "bfloat16")),)
        return (d.array(low=low, high=high),)

    return draw


for (_low, _high), _names in RANGES.items():
    makes(_names)(_unary(_low, _high))
makes(STEPS, grad=False)(_unary(-3.0, 3.0))


def _binary(
    low: float = -3.0, high: float = 3.0, dtypes: Sequence[str] = DTYPES, odd: bool = True
) -> Maker:
    def draw(d: Draw) -> Any:
        shape = d.shape()
        first = d.array(shape, d.dtype(dtypes), low, high)
        if odd and d.chance(0.1):
            dtype = d.pick("float32", "float16")
            return d.special(shape, dtype), d.special(shape, dtype)
        if d.chance(0.25):
            pair = [first, d.scalar(low, high)]
        else:
            pair = [first, d.array(d.fellow(shape), d.any_dtype(dtypes), low, high)]
        return tuple(pair if d.chance() else pair[::-1])

    return draw


makes("add subtract multiply maximum minimum fmax fmin hypot logaddexp logaddexp2 arctan2")(
    _binary()
)
makes(
    "equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor "
    "heaviside isclose",
    grad=False,
)(_binary())
makes("divide true_divide divide_no_nan")(_binary(0.5))
makes("power")(_binary(0.5, 3.0, odd=False))
_DIVISORS = [name for name in DTYPES if name != "bool"]  # division by False has no result
makes("floor_divide", grad=False)(_binary(0.5, 3.0, _DIVISORS, odd=False))
makes("mod fmod")(_binary(0.5, 3.0, _DIVISORS, odd=False))
makes("nextafter", grad=False)(_binary(odd=False))
_WHOLE = ("int32", "uint8", "int8", "bool", "int64")
makes("bitwise_and bitwise_or bitwise_xor", grad=False)(_binary(-9, 9, _WHOLE, odd=False))
makes("gcd lcm", grad=False)(_binary(1, 9, INTS, odd=False))
makes("left_shift right_shift bitwise_left_shift bitwise_right_shift", grad=False)(
    _binary(0, 4, _WHOLE, odd=False)
)


@makes("ldexp")
def _ldexp(d: Draw) -> Any:
    shape = d.shape()
    return d.array(shape), d.array(d.fellow(shape), d.pick(*INTS[:3]))


@makes("allclose", grad=False)
def _allclose(d: Draw) -> Any:
    x = d.special((3, 4), d.pick("float32", "float16"))
    return (x, x + d.pick(0, 1e-7, 1)), {"equal_nan": d.chance(), "rtol": d.pick(1e-5, 0.1)}


@makes("clip")
def _clip(d: Draw) -> Any:
    x = d.array()
    if d.chance(0.2):
        return x, d.array((), d.any_dtype(), -1, 0), d.array((), d.any_dtype(), 1, 2)
    return x, d.pick(-1, -0.5, 0, d.scalar(-2, 0)), d.pick(2, 1.5, True, d.scalar(0, 2))


@makes("where")
def _where(d: Draw) -> Any:
    shape = d.shape()
    x = d.array(d.fellow(shape))
    y = d.scalar() if d.chance(0.3) else d.array(d.fellow(shape), d.any_dtype())
    mask = d.array(shape, d.pick("bool", "bool", "int32", "float32"), -1, 1)
    return (mask, x, y) if d.chance() else (mask, y, x)


@makes("select")
def _select(d: Draw) -> Any:
    shape = d.shape()
    masks = [d.array(shape, "bool") for _ in range(2)]
    choices = [d.array(shape, d.dtype()), d.array(shape, d.any_dtype())]
    return (masks, choices), {"default": d.pick(0, 1.5, d.scalar())}


@makes("isin", grad=False)
def _isin(d: Draw) -> Any:
    dtype = d.dtype()
    return (d.array(None, dtype), d.array(None, d.pick(dtype, d.any_dtype()))), {
        "invert": d.chance()
    }


@makes("saturate_cast")
def _saturate_cast(d: Draw) -> Any:
    high = d.pick(3, 100, 1000)
    x = d.array(None, None, -min(high, 100), high if d.dtype()[0] in "fb" else min(high, 100))
    return x, d.any_dtype()


@makes("cast")
def _cast(d: Draw) -> Any:
    # What lies beyond the range of integers has no defined result.
    dtype = d.any_dtype()
    return d.array(None, None, 0 if dtype == "uint8" else -100, 100), dtype


@makes("view", grad=False)
def _view(d: Draw) -> Any:
    return d.array((2, 4)), d.pick("int32", "uint8", "float32", "int8", "float16", "int16")


@makes("view_as_complex")
def _view_as_complex(d: Draw) -> Any:
    return (d.array((*d.shape(0, 3), d.pick(2, 2, 2, 3)), d.pick("float32", "float16", "int32")),)


@makes("full_like", grad=False)
def _full_like(d: Draw) -> Any:
    return (d.array(), d.scalar(0.0)), {"dtype": d.pick(None, d.any_dtype())}


# --- activations --------------------------------------------------------------------------------

_PLAIN = (
    "celu elu gelu hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu log_sigmoid relu relu6 "
    "selu sigmoid silu softplus softsign sparse_plus sparse_sigmoid squareplus swish tanh_shrink "
    "hard_shrink soft_shrink"
)
_OWN_PLAIN = "exponential linear mish tanh"
_OPTIONS = {
    "celu": {"alpha": (0.5, 2, 1.0)},
    "elu": {"alpha": (0.5, 2, 1.0)},
    "gelu": {"approximate": (True, False)},
    "leaky_relu": {"negative_slope": (0.3, 0.01)},
    "hard_shrink": {"threshold": (0.3, 1)},
    "soft_shrink": {"threshold": (0.3, 1)},
    "squareplus": {"b": (2, 0.5)},
    "threshold": {"threshold": (0.3, 1), "default_value": (-2.0, 0)},
    "activations.relu": {"negative_slope": (0.0, 0.2), "max_value": (None, 2), "threshold": (0, 1)},
    "round": {"decimals": (0, 1, 2, -1)},
    "nan_to_num": {"nan": (0.0, 1), "posinf": (None, 5.0), "neginf": (None, -7)},
}


def _activation(name: str) -> Maker:
    options = _OPTIONS.get(name) or _OPTIONS.get(name.removeprefix("activations."), {})

    def draw(d: Draw) -> Any:
        x = d.array(low=-8, high=8)
        if d.turn >= 9 and d.chance(0.2):
            x = d.special(dtype=d.pick("float32", "float16", "bfloat16"))
        always = name.endswith("threshold")
        return (x,), {k: d.pick(*v) for k, v in options.items() if always or d.chance()}

    return draw


for _name in (*_PLAIN.split(), "threshold", "round", "nan_to_num"):
    makes(_name)(_activation(_name))
for _name in (*_PLAIN.split(), *_OWN_PLAIN.split(), "threshold"):
    makes(f"activations.{_name}")(_activation(f"activations.{_name}"))


@makes(
    "softmax log_softmax sparsemax glu activations.softmax activations.log_softmax "
    "activations.sparsemax activations.glu"
)
def _along_axis(d: Draw) -> Any:
    x = d.array((*d.shape(0, 2, 1), d.pick(2, 4), d.pick(2, 4, 6)), low=-8, high=8)
    return (x,), {} if d.chance(0.4) else {"axis": d.axis(x.ndim)}
