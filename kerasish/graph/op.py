"""Op: everything the engine knows about one operation, declared in one place."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kerasish import registry
from kerasish.config import settings
from kerasish.errors import ArgumentError
from kerasish.hints import one_of
from kerasish.spec import TensorSpec

Specs = TensorSpec | tuple[TensorSpec, ...]
Gradients = Any  # one Tensor or None per input; a lone Tensor stands for a 1-tuple


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
        self.vjp = func
        return func

    def batching(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: declare `func` as this op's batching rule."""
        self.batch = func
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
        """

        one_of("lowering", target, ("llvm", "cuda"))

        def decorate(func: Any) -> Any:
            made = func if isinstance(func, Lowering) else Lowering(func, dtypes)
            self.lowerings[target] = made
            settings.generation += 1
            return func

        return decorate


# The one late binding of this floor: tensor.py puts its `apply` here, since ops are declared
# before tensors exist and tensors dispatch through ops.
apply_hook: list[Callable[[Op, tuple[Any, ...], dict[str, Any]], Any]] = []


def declare(op: Op) -> Op:
    """Enter an op into the registry."""
    return registry.add("op", op, op.name)


def get(name: str) -> Op:
    """The op called `name`."""
    return registry.lookup("op", name)


def op(
    name: str, *, infer: Callable[..., Specs], **fields: Any
) -> Callable[[Callable[..., Any]], Op]:
    """Decorator form of a declaration: the decorated function is the kernel."""

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
    target.vjp = vjp
    try:
        yield
    finally:
        target.vjp = held
