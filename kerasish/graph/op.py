"""Op: everything the engine knows about one operation, declared in one place."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from dataclasses import fields as fields_of
from typing import Any

import numpy as np

from kerasish import registry
from kerasish.backend.base import locked
from kerasish.config import settings
from kerasish.errors import ArgumentError, DTypeError, ShapeError, UnknownNameError
from kerasish.hints import fits, function, known_dtypes, noted, one_of, refuse_unknown
from kerasish.signatures import ours
from kerasish.spec import TensorSpec, np_dtype

Specs = TensorSpec | tuple[TensorSpec, ...]
Gradients = Any  # one Tensor or None per input; a lone Tensor stands for a 1-tuple
# `vjp(g, y, *x, **attrs)`; of one or two inputs the arguments of a lambda are typed too.
Vjp = (
    Callable[[Any, Any, Any], Gradients]
    | Callable[[Any, Any, Any, Any], Gradients]
    | Callable[..., Gradients]
)


@dataclass(frozen=True)
class Case:
    """One sample call of an op, from which its tests are generated.

    Args:
        inputs: one entry per input: a shape (floats drawn from `domain`), an array to use, or an
            object with `draw(rng)` that makes one.
        attrs: the attributes of the call.
        domain: the open interval floats are drawn from, away from kinks and poles.
        differentiate: the inputs whose gradient is checked; None means every float one.
    """

    inputs: tuple[Any, ...]
    attrs: dict[str, Any] = field(default_factory=dict[str, Any])
    domain: tuple[float, float] | None = None
    differentiate: tuple[int, ...] | None = None


def case(
    *inputs: Any,
    domain: tuple[float, float] | None = None,
    differentiate: tuple[int, ...] | None = None,
    **attrs: Any,
) -> Case:
    """A `Case`, written shortly: `case((3, 5), axis=-1)`."""
    return Case(inputs, attrs, domain, differentiate)


@dataclass(frozen=True)
class Lowering:
    """How a renderer writes one element of an op.

    Attributes:
        write: `write(emitter, *values, **attrs)` for LLVM, `write(*texts, **attrs)` for CUDA.
        dtypes: what the inputs may be (16-bit floats are float32 to LLVM); None: all numbers.
        own: not of the package, so it may be any code.
    """

    write: Callable[..., Any]
    dtypes: tuple[str, ...] | None = None
    own: bool = True


def no_gradient(g: Any, y: Any, *x: Any, **attrs: Any) -> Gradients:
    """The vjp of an op through which no gradient flows: its derivative counts as zero."""
    return (None,) * len(x)


@dataclass(eq=False, repr=False)
class Op:
    """One operation on tensors.

    Args:
        name: its name in the registry, in printed graphs and for kernel providers.
        infer: `infer(*specs, **attrs) -> TensorSpec`, or a tuple of them for several outputs;
            the only shape and dtype rule of the op. Raises ShapeError or DTypeError.
        kernel: `kernel(xp, *arrays, **attrs) -> array(s)`: portable reference code against the
            array module `xp` (numpy or cupy). It never writes to its inputs.
        vjp: `vjp(g, y, *x, **attrs)`: the gradient of each input, written in ops. `g` and `y` are
            tuples when the op has several outputs (entries of `g` may be None). `no_gradient`: none
            flows. None instead of a function: not declared, which is right where the outputs are
            no floats; otherwise differentiating raises. Broadcasting is undone by the caller.
        cases: sample calls; an op without cases fails the registry tests.
        promote: what happens to the inputs first: "same" casts all to their common dtype,
            "float" to their common floating dtype, None leaves them.
        elementwise: output element i depends on input elements i only (after broadcasting).
        view: the kernel returns a view of its first input, however that lies in memory (reshape
            alone may have to copy).
        out: the kernel accepts `out=`, one array or a tuple like its result.
        batch: `batch(b, *x, **attrs)`: the op for many rows at once, written in ops; see
            `graph.batching`. Elementwise ops need none. None: by the definition, or by a loop.
        refuses: the inputs of which the kernel may refuse values (an index out of range, a
            matrix without an inverse): it must not run where the program does not run it.
        random: draws; never folded into constants.
        definition: the op written in other ops; replaces infer, kernel and vjp, and is what the
            compiler expands the op into when no provider has a kernel for it.
        domain: where floats of the cases are drawn from.
        lowerings: how one element is written, by renderer; those of the package are entered when
            `kerasish.compiler` is imported. `lowering` puts another one there.
        explanations: how relevance comes to the inputs, by method; see `explaining`.
        ufunc: the numpy ufunc that is the kernel, where one is.
        whole: libraries run it whole and much faster, so that large eager calls go to them too.
        flops: `flops(*specs, **attrs) -> int`; None means one per output element.
    """

    name: str
    infer: Callable[..., Specs]
    kernel: Callable[..., Any]
    vjp: Callable[..., Gradients] | None = None
    cases: tuple[Case, ...] = ()
    promote: str | None = None
    elementwise: bool = False
    view: bool = False
    out: bool = False
    batch: Callable[..., Any] | None = None
    refuses: tuple[int, ...] = ()
    random: bool = False
    definition: Callable[..., Any] | None = None
    domain: tuple[float, float] = (-2.0, 2.0)
    flops: Callable[..., int] | None = None
    whole: bool = False
    ufunc: str = ""
    doc: str = ""
    lowerings: dict[str, Lowering] = field(default_factory=dict[str, Lowering])
    explanations: dict[str, Callable[..., Any]] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        for part in ("infer", "kernel", "vjp", "batch", "definition"):
            given = getattr(self, part)
            if given is not None or part in ("infer", "kernel"):
                function(f"op {self.name!r}, {part}", given)
        one_of(f"op {self.name!r}, promote", self.promote, (None, "same", "float"))
        self.own = not (ours(self.infer) and ours(self.kernel))  # not of the package: held to it
        self._tried: set[Specs] = set()  # what its kernel has given

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    # As of a function: files of models know an activation by it.
    __name__ = property(lambda self: self.name)  # type: ignore[assignment]

    def __deepcopy__(self, memo: dict[int, Any]) -> Op:
        """Itself: what holds an op, copied, holds the same op."""
        return self

    def __call__(self, *inputs: Any, **attrs: Any) -> Any:
        """Apply the op: at once on values, as a new node on symbolic tensors."""
        return apply_hook[0](self, inputs, attrs)

    def gradient(self, func: Callable[..., Gradients]) -> Callable[..., Gradients]:
        """Decorator: declare `func` as this op's vjp."""
        self.vjp = function(f"op {self.name!r}, vjp", func)
        return func

    def batching(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: declare `func` as this op's batching rule."""
        self.batch = function(f"op {self.name!r}, batch", func)
        return func

    def lowering(self, target: str, dtypes: tuple[str, ...] | None = None) -> Callable[[Any], Any]:
        """Decorator: declare how one scalar of this elementwise op is rendered for `target`.

        What was compiled before is compiled anew. Another lowering that stood in `lowerings`
        comes back by `op.lowering(target)(held)`.

        Args:
            target: "llvm" (receives an emitter and IR values) or "cuda" (receives expression
                texts, each with its `dtype`, and returns one); docs/extending.md lists what an
                emitter can do.
            dtypes: what the inputs may be; None for all numbers. With others the kernel runs.

        Raises:
            ArgumentError: the op is not elementwise, or there is no such target or dtype.
        """
        what = f"op {self.name!r}, lowering"
        one_of(what, target, ("llvm", "cuda"))
        known_dtypes(what, dtypes or ())
        if not self.elementwise:
            raise ArgumentError(
                what,
                expected="an elementwise op",
                received="another",
                fix="Write its kernel for a library: kerasish.compiler.kernel.",
            )

        def decorate(func: Any) -> Any:
            held = isinstance(func, Lowering)
            made = func if held else Lowering(function(what, func), dtypes)
            for call in () if held else self.cases[:1]:
                given = [*("e" * (target == "llvm")), *call.inputs]
                fits(what, _CALLS["lowering"], func, *given, **call.attrs)
            self.lowerings[target] = made
            settings.generation += 1
            return func

        return decorate

    def explaining(self, *methods: str) -> Callable[[Any], Any]:
        """Decorator: declare how relevance comes from the output of this op to its inputs.

        Args:
            methods: "lrp" and "deeplift"; both if none is named.

        The function is `rule(way, m, y, *x, **attrs)`: `m` is what each unit of the output (LRP) or
        of its difference from the reference (DeepLIFT) counts, and what it returns, one entry per
        input, is what each unit of an input counts. `way` (`kerasish.explain.Way`) has the
        reference of every value. A rule keeps the sum: m * (y - y0) = sum of m_i * (x_i - x0_i).

        Raises:
            ArgumentError: there is no such method.
        """
        what = f"op {self.name!r}, explaining"
        for method in methods:
            one_of(what, method, EXPLAINED)

        def decorate(func: Callable[..., Any]) -> Callable[..., Any]:
            rule: Callable[..., Any] = function(what, func)
            self.explanations |= dict.fromkeys(methods or EXPLAINED, rule)
            settings.generation += 1
            return func

        return decorate

    def lowered(self, target: str, *given: Any, **attrs: Any) -> Any:
        """What the lowering for a target writes."""
        return self.calling("lowering", self.lowerings[target].write, *given, **attrs)

    def calling(self, part: str, func: Callable[..., Any], /, *given: Any, **attrs: Any) -> Any:
        """What one of the op's functions gives; an error says which, and how that is called."""
        where = "In the {} of op {!r}, which is called as {}.".format
        return noted(lambda: where(part, self.name, _CALLS[part]), func, *given, **attrs)

    def inferred(self, specs: Any) -> Specs:
        """What `infer` gave, if it is a spec or a tuple of specs."""
        if isinstance(specs, TensorSpec):
            return specs
        found: tuple[Any, ...] = tuple(specs) if type(specs) in (tuple, list) else ()
        if not found or not all(isinstance(spec, TensorSpec) for spec in found):
            raise ArgumentError(
                f"What infer of op {self.name!r} gives",
                expected="kerasish.spec.TensorSpec(shape, dtype), or a tuple of them",
                received=repr(specs),
            )
        return found

    def run(self, xp: Any, arrays: Iterable[Any], attrs: dict[str, Any], specs: Specs) -> Any:
        """What the kernel gives, held to `specs`: of several outputs, what it first gives of such.

        When it first gives such specs, its inputs cannot be written to.

        Raises:
            ShapeError, DTypeError: it gives something else.
        """
        tried = specs in self._tried
        given = arrays if tried else map(locked, arrays)
        result = self.calling("kernel", self.kernel, xp, *given, **attrs)
        if not isinstance(specs, TensorSpec):
            right = tried  # of several
        else:
            right = getattr(result, "shape", None) == specs.shape
            right = right and result.dtype == np_dtype(specs.dtype)
        if not right:
            self._hold(result, specs)
        if not tried:
            self._tried.add(specs)
        return result

    def _hold(self, result: Any, specs: Specs) -> None:
        wanted = (specs,) if isinstance(specs, TensorSpec) else specs
        single = wanted is not specs
        given: tuple[Any, ...] = (result,) if single or result is None else tuple(result)
        what = f"What the kernel of op {self.name!r} gives"
        expected = f"{', '.join(map(str, wanted))}, as infer says"
        shapes = [None if array is None else np.shape(array) for array in given]
        if shapes != [spec.shape for spec in wanted]:
            raise ShapeError(what, expected=expected, received=f"shapes {shapes}")
        for array, spec in zip(given, wanted, strict=True):
            dtype = getattr(array, "dtype", None) or np.result_type(array)
            if not np.can_cast(dtype, np_dtype(spec.dtype), "same_kind"):
                raise DTypeError(
                    what,
                    expected=expected,
                    received=f"{dtype}{[*spec.shape]}",
                    fix="promote='float' casts whole numbers to floats first; of an elementwise "
                    "op, dtypes= says what it is for, and result= what comes out.",
                )


EXPLAINED = ("lrp", "deeplift")  # the methods that ask ops for rules

_CALLS = {
    "kernel": "kernel(xp, *arrays, **attrs) and never writes to its inputs",
    "vjp": "vjp(g, y, *x, **attrs), on tensors",
    "batching rule": "rule(b, *x, **attrs), on tensors",
    "explanation": "rule(way, m, y, *x, **attrs), on tensors",
    "lowering": "write(e, *values, **attrs) for llvm, where e.like(1.0, x) makes a value of a "
    "number, and write(*texts, **attrs) for cuda",
}


# The one late binding of this floor: tensor.py puts its `apply` here, since ops are declared
# before tensors exist and tensors dispatch through ops.
apply_hook: list[Callable[[Op, tuple[Any, ...], dict[str, Any]], Any]] = []


def declare(op: Op) -> Op:
    """Enter an op into the registry."""
    return registry.add("op", op, op.name)


def get(name: str | Op) -> Op:
    """The op called `name`; an op is itself.

    Raises:
        UnknownNameError: there is none. Of a function that is made of ops, it says of which.
    """
    if isinstance(name, Op):
        return name
    try:
        return registry.lookup("op", name)
    except UnknownNameError as error:
        error.fix = registry.above("graph.made_of")(name) or error.fix
        raise


_FIELDS = {f.name for f in fields_of(Op)} - {"name", "infer", "kernel"}


def op(
    name: str, *, infer: Callable[..., Specs], **fields: Any
) -> Callable[[Callable[..., Any]], Op]:
    """Decorator form of a declaration: the decorated function is the kernel."""

    refuse_unknown(f"op {name!r}", fields.keys() - _FIELDS, sorted(_FIELDS))

    def decorate(kernel: Callable[..., Any]) -> Op:
        fields.setdefault("doc", kernel.__doc__ or "")
        return declare(Op(name=name, infer=infer, kernel=kernel, **fields))

    return decorate


def register_gradient(name: str, override: bool = False) -> Callable[..., Any]:
    """Decorator: give the op `name` a gradient, or with `override=True` another one.

    Args:
        name: the op's name.
        override: must be True when the op already has a gradient.

    Raises:
        UnknownNameError: there is no such op.
        ArgumentError: the op has a gradient and `override` is False.
    """
    target = get(name)
    if target.vjp not in (None, no_gradient) and not override:
        raise ArgumentError(
            f"The op {name!r} already has a gradient",
            expected="override=True to replace it",
            received="override=False",
        )
    return target.gradient


@contextmanager
def overridden_gradient(name: str, vjp: Callable[..., Gradients]) -> Generator[None, None, None]:
    """Context manager: use another gradient for the op `name` while tracing inside."""
    target, held = get(name), get(name).vjp
    target.gradient(vjp)
    try:
        yield
    finally:
        target.vjp = held
