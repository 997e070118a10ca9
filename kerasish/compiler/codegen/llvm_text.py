"""LLVM IR as text: typed values, arithmetic on scalars or vectors alike, loops.

Text rather than a builder library: a region becomes IR in a fraction of a millisecond.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kerasish.errors import DTypeError, UnknownNameError, told
from kerasish.hints import one_of
from kerasish.registry import hint
from kerasish.spec import HALVES, UNSIGNED, bits, is_float

# What `Emitter.call` can call, by whether it is for floats and the number of operands, which have
# the result's type. LLVM ends the process at some that are given another kind or number.
_NAMES = {
    (True, 1): "fabs sqrt floor ceil trunc rint round roundeven sin cos exp exp2 log log2 log10",
    (True, 2): "copysign minnum maxnum pow", (True, 3): "fma fmuladd",
    (False, 1): "ctpop bitreverse", (False, 3): "fshl fshr",
    (False, 2): "smin smax umin umax sadd.sat uadd.sat ssub.sat usub.sat",
}  # fmt: skip
INTRINSICS = {k: tuple(f"llvm.{n}" for n in names.split()) for k, names in _NAMES.items()}


@dataclass(frozen=True)
class Value:
    """An SSA value: its name, its kerasish dtype ("bool" is i1), and how many lanes it has."""

    name: str
    dtype: str
    lanes: int

    @property
    def type(self) -> str:
        return type_of(self.dtype, self.lanes)

    def __str__(self) -> str:
        return f"{self.type} {self.name}"


def register(dtype: str) -> str:
    """The dtype in which values of `dtype` are computed: half precision lies in memory only."""
    return "float32" if dtype in HALVES else dtype


def scalar_type(dtype: str) -> str:
    """The LLVM type of one element in registers."""
    if dtype == "bool":
        return "i1"
    return {"float32": "float", "float64": "double"}.get(dtype) or f"i{bits(dtype)}"


def memory_type(dtype: str) -> str:
    """The LLVM type of one element in memory."""
    return "i8" if dtype == "bool" else "i16" if dtype in HALVES else scalar_type(dtype)


def type_of(dtype: str, lanes: int) -> str:
    """The LLVM type of `lanes` elements."""
    one = scalar_type(dtype)
    return one if lanes == 1 else f"<{lanes} x {one}>"


def literal(value: float | int | bool, dtype: str) -> str:
    """A constant in LLVM's notation; floats in hexadecimal, so no digit is lost."""
    if dtype == "bool":
        return "true" if value else "false"
    if is_float(dtype):
        if dtype == "float32":
            value = struct.unpack("f", struct.pack("f", value))[0]
        return f"0x{struct.unpack('<Q', struct.pack('<d', float(value)))[0]:016X}"
    return str(int(value))


_CAST = "e.like(1.0, x) makes a number of the dtype of x, e.convert(x, dtype) casts."


class Emitter:
    """Writes the instructions of one function."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.lines: list[str] = []
        self.allocas: list[str] = []
        self.declarations: set[str] = set()
        self._tails: dict[str, int] = {}  # masks of the first lanes, and how many these are
        self._count = 0

    def __getattr__(self, name: str) -> Any:
        known = [one for one in dir(Emitter) if not one.startswith("_")]
        text = told(f"An Emitter has no {name!r}", expected=", ".join(known), fix=hint(name, known))
        raise AttributeError(text, name="")  # or Python adds a hint of its own

    def fresh(self, hint: str = "v") -> str:
        self._count += 1
        return f"%{hint}{self._count}"

    def put(self, line: str) -> None:
        self.lines.append(f"  {line}")

    def let(self, text: str, dtype: str, lanes: int) -> Value:
        name = self.fresh()
        self.put(f"{name} = {text}")
        return Value(name, dtype, lanes)

    # --- constants and shapes of values ---------------------------------------------------------

    def const(self, value: float | int | bool, dtype: str, lanes: int) -> Value:
        text = literal(value, dtype)
        if lanes == 1:
            return Value(text, dtype, 1)
        one = f"{scalar_type(dtype)} {text}"
        return Value(f"<{', '.join([one] * lanes)}>", dtype, lanes)

    def like(self, value: float | int | bool, other: Value) -> Value:
        return self.const(value, other.dtype, other.lanes)

    def splat(self, v: Value, lanes: int) -> Value:
        """A scalar in every lane."""
        if v.lanes == lanes:
            return v
        poison = f"{type_of(v.dtype, lanes)} poison"
        one = self.let(f"insertelement {poison}, {v}, i32 0", v.dtype, lanes)
        zeros = f"<{lanes} x i32> zeroinitializer"
        return self.let(f"shufflevector {one}, {poison}, {zeros}", v.dtype, lanes)

    def level(self, *values: Value) -> list[Value]:
        """Values with equal numbers of lanes."""
        lanes = max(v.lanes for v in values)
        return [self.splat(v, lanes) for v in values]

    def _alike(self, *values: Value) -> list[Value]:
        """`level` of values of one type.

        Raises:
            DTypeError: their types differ.
        """
        level = self.level(*values)
        if len({v.type for v in level}) > 1:
            given = ", ".join(v.dtype for v in values)
            raise DTypeError("Operands", expected="values of one dtype", received=given, fix=_CAST)
        return level

    # --- arithmetic ---------------------------------------------------------------------------

    def binary(self, instruction: str, a: Value, b: Value, dtype: str | None = None) -> Value:
        a, b = self._alike(a, b)
        return self.let(f"{instruction} {a}, {b.name}", dtype or a.dtype, a.lanes)

    def add(self, a: Value, b: Value) -> Value:
        return self.binary("fadd" if is_float(a.dtype) else "add", a, b)

    def sub(self, a: Value, b: Value) -> Value:
        return self.binary("fsub" if is_float(a.dtype) else "sub", a, b)

    def mul(self, a: Value, b: Value) -> Value:
        return self.binary("fmul" if is_float(a.dtype) else "mul", a, b)

    def div(self, a: Value, b: Value) -> Value:
        return self.binary("fdiv", a, b)

    def neg(self, a: Value) -> Value:
        if is_float(a.dtype):
            return self.let(f"fneg {a}", a.dtype, a.lanes)
        return self.sub(self.like(0, a), a)

    def compare(self, predicate: str, a: Value, b: Value) -> Value:
        """`predicate` is eq, ne, lt, le, gt or ge; unordered floats compare false but for ne."""
        one_of("Emitter.compare", predicate, ("eq", "ne", "lt", "le", "gt", "ge"))
        a, b = self._alike(a, b)
        if is_float(a.dtype):
            code = f"fcmp {'une' if predicate == 'ne' else 'o' + predicate}"
        else:
            sign = "u" if a.dtype in (*UNSIGNED, "bool") else "s"
            code = f"icmp {predicate if predicate in ('eq', 'ne') else sign + predicate}"
        return self.let(f"{code} {a}, {b.name}", "bool", a.lanes)

    def select(self, condition: Value, a: Value, b: Value) -> Value:
        condition, a, b = self.level(condition, *self._alike(a, b))
        return self.let(f"select {condition}, {a}, {b}", a.dtype, a.lanes)

    def call(self, name: str, *args: Value) -> Value:
        """An LLVM intrinsic of the arguments' type and number: one of `INTRINSICS`."""
        first, *_ = values = self._alike(*args)
        known = INTRINSICS.get((is_float(first.dtype), len(args)), ())
        if name not in known:
            what, near = f"An intrinsic of {len(args)} {first.dtype}", hint(name, known)
            raise UnknownNameError(what, expected=", ".join(known), received=name, fix=near)
        suffix = _vector(scalar_type(first.dtype), first.lanes)
        types = ", ".join(v.type for v in values)
        self.declarations.add(f"declare {first.type} @{name}.{suffix}({types})")
        given = ", ".join(map(str, values))
        return self.let(f"call {first.type} @{name}.{suffix}({given})", first.dtype, first.lanes)

    def any(self, v: Value) -> str:
        """An i1: whether a bool holds in any lane."""
        if v.lanes == 1:
            return v.name
        reduced = f"i1 @llvm.vector.reduce.or.v{v.lanes}i1"
        self.declarations.add(f"declare {reduced}({v.type})")
        return self.let(f"call {reduced}({v})", "bool", 1).name

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        return self.call("llvm.fma", a, b, c)

    def convert(self, v: Value, dtype: str) -> Value:
        """`v` in another dtype, by value; float to int truncates."""
        if v.dtype == dtype:
            return v
        if dtype == "bool":
            return self.compare("ne", v, self.like(0, v))
        source, target = v.type, type_of(dtype, v.lanes)
        unsigned = v.dtype in (*UNSIGNED, "bool")
        if is_float(v.dtype) and is_float(dtype):
            code = "fpext" if bits(dtype) > bits(v.dtype) else "fptrunc"
        elif is_float(v.dtype):
            code = "fptoui" if dtype in UNSIGNED else "fptosi"
        elif is_float(dtype):
            code = "uitofp" if unsigned else "sitofp"
        else:
            wide = 1 if v.dtype == "bool" else bits(v.dtype)
            if bits(dtype) == wide:
                return Value(v.name, dtype, v.lanes)
            code = "trunc" if bits(dtype) < wide else "zext" if unsigned else "sext"
        return self.let(f"{code} {source} {v.name} to {target}", dtype, v.lanes)

    def bitcast(self, v: Value, dtype: str) -> Value:
        """The same bits as another dtype of the same width."""
        target = type_of(dtype, v.lanes)
        if target == v.type:
            return Value(v.name, dtype, v.lanes)
        return self.let(f"bitcast {v} to {target}", dtype, v.lanes)

    # --- half precision -----------------------------------------------------------------------

    def widen(self, v: Value, dtype: str) -> Value:
        """The float32 of numbers whose 16 bits are given."""
        if dtype == "bfloat16":
            wide = self.convert(v, "uint32")
            return self.bitcast(self.binary("shl", wide, self.like(16, wide)), "float32")
        half, full = (f"<{v.lanes} x {t}>" if v.lanes > 1 else t for t in ("half", "float"))
        raw = self.let(f"bitcast {v} to {half}", "float16", v.lanes).name
        return self.let(f"fpext {half} {raw} to {full}", "float32", v.lanes)

    def narrow(self, v: Value, dtype: str) -> Value:
        """The 16 bits of float32 numbers that are `rounded`."""
        if dtype == "bfloat16":
            raw = self.bitcast(v, "uint32")
            return self.convert(self.binary("lshr", raw, self.like(16, raw)), "uint16")
        half, short = (f"<{v.lanes} x {t}>" if v.lanes > 1 else t for t in ("half", "i16"))
        raw = self.let(f"fptrunc {v} to {half}", "float16", v.lanes).name
        return self.let(f"bitcast {half} {raw} to {short}", "uint16", v.lanes)

    def rounded(self, v: Value, dtype: str) -> Value:
        """`v` as it comes back from memory of `dtype`: half precision to nearest, ties to even."""
        if dtype == "float16":
            return self.widen(self.narrow(v, dtype), dtype)
        if dtype != "bfloat16":
            return v
        # The conversion instructions of AVX-512 take denormals for zero, so integers do it.
        raw = self.bitcast(v, "uint32")
        odd = self.binary("and", self.binary("lshr", raw, self.like(16, raw)), self.like(1, raw))
        up = self.add(self.add(raw, self.like(0x7FFF, raw)), odd)
        quiet = self.binary("or", raw, self.like(0x400000, raw))
        kept = self.select(self.compare("eq", v, v), up, quiet)
        return self.bitcast(self.binary("and", kept, self.like(0xFFFF0000, raw)), "float32")

    # --- control ------------------------------------------------------------------------------

    def arith(self, code: str, a: str | int, b: str | int, *more: str | int) -> str:
        """64-bit index arithmetic, from left to right."""
        name = self.fresh("i")
        self.put(f"{name} = {code} i64 {a}, {b}")
        return self.arith(code, name, *more) if more else name

    def test(self, predicate: str, a: str | int, b: str | int) -> str:
        """A comparison of 64-bit indices, such as "slt": an i1."""
        name = self.fresh("c")
        self.put(f"{name} = icmp {predicate} i64 {a}, {b}")
        return name

    def alloca(self, type_: str) -> str:
        name = self.fresh("slot")
        self.allocas.append(f"  {name} = alloca {type_}")
        return name

    @contextmanager
    def loop(self, begin: str | int, end: str | int, step: int = 1) -> Iterator[str]:
        """A counted loop `for i in range(begin, end, step)`; yields the index."""
        self._count += 1
        tag = self._count
        slot = self.alloca("i64")
        self.put(f"store i64 {begin}, ptr {slot}")
        self.put(f"br label %head{tag}")
        self.lines.append(f"head{tag}:")
        i = self.fresh("i")
        self.put(f"{i} = load i64, ptr {slot}")
        go = self.test("slt", i, end)
        self.put(f"br i1 {go}, label %body{tag}, label %done{tag}")
        self.lines.append(f"body{tag}:")
        yield i
        after = self.arith("add", i, step)
        self.put(f"store i64 {after}, ptr {slot}")
        self.put(f"br label %head{tag}")
        self.lines.append(f"done{tag}:")

    @contextmanager
    def when(self, condition: str) -> Iterator[None]:
        """A block that runs where the i1 `condition` holds."""
        self._count += 1
        tag = self._count
        self.put(f"br i1 {condition}, label %then{tag}, label %else{tag}")
        self.lines.append(f"then{tag}:")
        yield
        self.put(f"br label %else{tag}")
        self.lines.append(f"else{tag}:")

    # --- memory -------------------------------------------------------------------------------

    def address(self, base: str, offset: str | int, dtype: str) -> str:
        name = self.fresh("p")
        self.put(f"{name} = getelementptr inbounds {memory_type(dtype)}, ptr {base}, i64 {offset}")
        return name

    def load(
        self, base: str, offset: str | int, dtype: str, lanes: int, stride: int, mask: str | None
    ) -> Value:
        """`lanes` elements from `base[offset]` on, `stride` apart; masked lanes are zero."""
        if dtype in HALVES:
            return self.widen(self.load(base, offset, "uint16", lanes, stride, mask), dtype)
        at, one = self.address(base, offset, dtype), memory_type(dtype)
        lanes = lanes if stride else 1
        kind = "uint8" if dtype == "bool" else dtype
        if lanes > 1 and stride != 1:
            steps, many = ", ".join(f"i64 {i * stride}" for i in range(lanes)), self.fresh("p")
            self.put(f"{many} = getelementptr {one}, ptr {at}, <{lanes} x i64> <{steps}>")
            raw = self._masked(f"gather.{_vector(one, lanes)}.v{lanes}p0", many, kind, lanes, mask)
        elif lanes > 1 and mask is not None:
            raw = self._masked(f"load.{_vector(one, lanes)}.p0", at, kind, lanes, mask)
        else:
            vector = one if lanes == 1 else f"<{lanes} x {one}>"
            raw = self.let(f"load {vector}, ptr {at}, align {_align(dtype)}", kind, lanes)
        return self.convert(raw, "bool") if dtype == "bool" else raw

    def lookup(self, name: str, table: Sequence[float], index: Value) -> Value:
        """`table[index]` of a constant table of float64; `index` is int64."""
        held = ", ".join(f"double {literal(v, 'float64')}" for v in table)
        self.declarations.add(f"@{name} = internal constant [{len(table)} x double] [{held}]")
        at = self.let(f"getelementptr double, ptr @{name}, {index}", "int64", index.lanes).name
        if index.lanes == 1:
            return self.let(f"load double, ptr {at}", "float64", 1)
        name = f"gather.{_vector('double', index.lanes)}.v{index.lanes}p0"
        return self._masked(name, at, "float64", index.lanes, None)

    def _masked(self, way: str, at: str, dtype: str, lanes: int, mask: str | None) -> Value:
        """What `llvm.masked.<way>` reads; masked lanes are zero."""
        vector, flags = type_of(dtype, lanes), f"<{lanes} x i1>"
        place = f"<{lanes} x ptr>" if way.startswith("gather") else "ptr"
        head = f"{vector} @llvm.masked.{way}"
        self.declarations.add(f"declare {head}({place}, i32, {flags}, {vector})")
        held, align = mask or self.all_lanes(lanes), _align(dtype)
        given = f"{place} {at}, i32 {align}, {flags} {held}, {vector} zeroinitializer"
        return self.let(f"call {head}({given})", dtype, lanes)

    def store(
        self, v: Value, base: str, offset: str | int, mask: str | None, dtype: str | None = None
    ) -> None:
        """Write the lanes of `v` to consecutive elements, of `dtype`, from `base[offset]` on."""
        if dtype in HALVES:
            v = self.narrow(v, dtype)
        at = self.address(base, offset, v.dtype)
        align = _align(v.dtype)
        if v.dtype == "bool":
            v = self.convert(v, "uint8")
        if mask is None or v.lanes == 1:
            self.put(f"store {v}, ptr {at}, align {align}")
            return
        if mask in self._tails:
            self._store_first(v, at, self._tails[mask], align)
            return
        lanes = f"<{v.lanes} x i1>"
        head = f"void @llvm.masked.store.{_vector(memory_type(v.dtype), v.lanes)}.p0"
        self.declarations.add(f"declare {head}({v.type}, ptr, i32, {lanes})")
        self.put(f"call {head}({v}, ptr {at}, i32 {align}, {lanes} {mask})")

    def _store_first(self, v: Value, at: str, count: int, align: int) -> None:
        """Write the first lanes in pieces, 8, 4, 2 and 1: masked stores take many times longer."""
        one, start = memory_type(v.dtype), 0
        while start < count:
            size = 1 << (count - start).bit_length() - 1
            part, place = self.fresh(), self.address(at, start, v.dtype)
            if size == 1:
                self.put(f"{part} = extractelement {v}, i32 {start}")
                self.put(f"store {one} {part}, ptr {place}, align {align}")
            else:
                lanes = ", ".join(f"i32 {start + i}" for i in range(size))
                empty = f"<{v.lanes} x {one}> poison"
                self.put(f"{part} = shufflevector {v}, {empty}, <{size} x i32> <{lanes}>")
                self.put(f"store <{size} x {one}> {part}, ptr {place}, align {align}")
            start += size

    def all_lanes(self, lanes: int) -> str:
        return f"<{', '.join(['i1 true'] * lanes)}>"

    def iota(self, start: str, dtype: str, lanes: int) -> Value:
        """start, start + 1, ... in every lane; `start` is an i64."""
        first = Value(start, "int64", 1)
        first = self.convert(first, dtype) if dtype != "int64" else first
        if lanes == 1:
            return first
        one = scalar_type(dtype)
        steps = Value(f"<{', '.join(f'{one} {i}' for i in range(lanes))}>", dtype, lanes)
        return self.add(self.splat(first, lanes), steps)

    def mask_below(self, start: str, end: str | int) -> str:
        """Which lanes of start, start + 1, ... are below `end`."""
        left = self.arith("sub", end, start)
        count = self.splat(self.convert(Value(left, "int64", 1), "int32"), self.lanes)
        return self.compare("lt", self.iota("0", "int32", self.lanes), count).name

    def mask_first(self, count: int) -> str:
        """The first lanes, as many as are known now."""
        mask = f"<{', '.join(f'i1 {str(i < count).lower()}' for i in range(self.lanes))}>"
        self._tails[mask] = count
        return mask


def _align(dtype: str) -> int:
    return 1 if dtype == "bool" else bits(dtype) // 8


def _vector(one: str, lanes: int) -> str:
    """How names of intrinsics spell so many lanes of a type."""
    name = {"float": "f32", "double": "f64"}.get(one, one)
    return name if lanes == 1 else f"v{lanes}{name}"
