"""`public`: what makes a function of `ops` public; and Operation, its call on symbols.

    @public
    def clip(x, x_min, x_max): ...

A public function computes on values and in traces. Called on a symbol of a functional model it
becomes an Operation, and the result is a symbol that remembers the call. What is public is said
where it is defined, so that a function is one object whatever was imported first.

In files an Operation has the form that Keras gives its own (`keras_forms`).
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar

from kerasish import naming, registry
from kerasish.arguments.configured import Configured
from kerasish.errors import ArgumentError, UnknownNameError, told
from kerasish.graph.node import scope
from kerasish.graph.op import Op
from kerasish.graph.op import get as get_op
from kerasish.graph.trace import trace
from kerasish.naming import snake_case
from kerasish.ops.keras_forms import form_of_class, form_of_function
from kerasish.ops.symbol import PLAIN, KerasTensor, has_symbol, holds_symbol
from kerasish.ops.symbolic import Called, NeedsNumbers, finding, infer, record_call
from kerasish.refusals import FAILURES, refused
from kerasish.registry import hint
from kerasish.serialization import deserialize_keras_object
from kerasish.signatures import MISSING, BoundArguments, Parameter, parameters, signature
from kerasish.spec import TensorSpec
from kerasish.tracebacks import shorten

F = TypeVar("F", bound=Callable[..., Any])

# What files say where Keras has no such function.
MODULE = "kerasish.ops"
_OP = "op."
_POSITIONALS = Parameter.VAR_POSITIONAL
_KEYWORDS = Parameter.VAR_KEYWORD


def public(func: F) -> F:
    """Decorator: make a function public under its own name, in `ops` or a namespace of it."""
    return public_as(func.__name__)(func)


def public_as(label: str) -> Callable[[F], F]:
    """Decorator: as `public`, for a function outside of `ops`: "activations.relu".

    Args:
        label: its name in files, unique among public functions.
    """

    def decorate(func: F) -> F:
        @functools.wraps(func)
        def call(*args: Any, **kwargs: Any) -> Any:
            try:  # costs nothing where nothing is raised
                for value in args:
                    if type(value) not in PLAIN and holds_symbol(value):
                        return record(label, call, args, kwargs)
                for value in kwargs.values():
                    if type(value) not in PLAIN and holds_symbol(value):
                        return record(label, call, args, kwargs)
                return func(*args, **kwargs)
            except FAILURES as error:
                told = refused(label, func, args, kwargs, error)
                shorten(told)
                if told is error:
                    raise
                raise told from error

        made: Any = call
        return registry.add("function", made, label)

    return decorate


def made_of(name: str) -> str:
    """Of which ops a public function is made, as a sentence; "" where there is none of the name."""
    if not registry.contains("function", name):
        return ""
    for count in (1, 2, 3):
        with contextlib.suppress(*FAILURES):
            graph, _ = trace(registry.lookup("function", name), [_SAMPLE] * count)
            ops = ", ".join(dict.fromkeys(node.op.name for node in graph.nodes if node.inputs))
            return f"{name!r} is a function made of other ops: {ops}. Name one of these."
    return f"{name!r} is a function made of other ops."


_SAMPLE = TensorSpec((2, 2), "float32")


class Operation(Called, Configured):
    """A computation without weights that can be called on symbols. A subclass writes `call`.

    Args:
        name: unique in a model; made from the class name by default.

    Example:
        >>> import kerasish as keras
        >>> class Scaled(keras.Operation):
        ...     def __init__(self, factor, *, name=None):
        ...         super().__init__(name=name)
        ...         self.factor = factor
        ...     def call(self, x):
        ...         return x * self.factor
        >>> Scaled(2.0)(keras.Input((3,))).shape
        (None, 3)
    """

    name: str
    _base_name: str
    _auto_named: bool
    _calls: list[Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        made = super().__new__(cls, *args, **kwargs)
        made._calls = []
        return made

    def __init__(self, name: str | None = None) -> None:
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ArgumentError(
                type(self).__name__, expected="a name without '/'", received=repr(name)
            )
        self._set_name(snake_case(type(self).__name__), name)

    def _set_name(self, base: str, name: str | None) -> None:
        self._base_name = base
        self.name = name or naming.uniquify(base)
        self._auto_named = name is None

    def _rename(self, name: str) -> None:
        self.name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if has_symbol(args, kwargs):
            return record_call(self, self._run, args, kwargs)
        return self._run(*args, **kwargs)

    def _run(self, *args: Any, **kwargs: Any) -> Any:
        if finding.tentative:
            raise NeedsNumbers
        with scope(self.name):
            return self.call(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """What the operation computes."""
        raise NotImplementedError(
            told(f"{type(self).__name__} has no call()", expected="a method call(self, ...)"),
        )

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbols of the shapes and dtypes that a call on these symbols gives."""
        return infer(self._run, args, kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """A call on symbols, recorded."""
        return record_call(self, self._run, args, kwargs)

    def copy(self) -> Operation:
        """Another operation with the same arguments, not called yet."""
        return type(self).from_config(self.get_config())

    def __repr__(self) -> str:
        return f"<Operation {self.name} of type {type(self).__name__}>"


class FunctionOperation(Operation):
    """A public function with its fixed arguments, called on symbols.

    Args:
        func_name: name of the public function.
        func: the function.
        fixed: the arguments that are no tensors.
        name: name in the model.
        call: names of the arguments that a call takes, in order; "*x" gathers positional ones.
    """

    def __init__(
        self,
        func_name: str,
        func: Callable[..., Any],
        fixed: dict[str, Any],
        name: str | None,
        call: tuple[str, ...],
    ) -> None:
        self.func_name = func_name
        self.func = func
        self.fixed = fixed
        self._takes = call
        self._set_name(snake_case(self.keras_class), name)

    def _run(self, *args: Any, **kwargs: Any) -> Any:
        with scope(self.name):
            if isinstance(self.func, Op):
                return self.func(*args, **self.fixed)
            given = {**self.fixed, **self._named(args), **kwargs}
            held = signature(self.func)
            for rest in (n for n, p in held.parameters.items() if p.kind is _KEYWORDS):
                more = {k: given.pop(k) for k in list(given) if k not in held.parameters}
                given[rest] = more
            bound = BoundArguments(held, given)  # type: ignore[arg-type]
            return self.func(*bound.args, **bound.kwargs)

    def _named(self, args: tuple[Any, ...]) -> dict[str, Any]:
        """The positional arguments of a call by name."""
        found: dict[str, Any] = {}
        names = [name for name in self._takes if not name.startswith("**")]
        for i, name in enumerate(names):
            if name.startswith("*"):
                found[name[1:]] = args[i:]
                return found
            if i < len(args):
                found[name] = args[i]
        if len(args) > len(names):
            raise ArgumentError(
                self.func_name,
                expected=f"up to {len(names)} arguments in a call ({', '.join(names)})",
                received=len(args),
            )
        if self.func_name == "get_item" and isinstance(found.get("key"), list):
            found["key"] = tuple(found["key"])  # a file holds a tuple as a list
        return found

    def get_config(self) -> dict[str, Any]:
        """The name and the fixed arguments, as Keras names them."""
        config: dict[str, Any] = {"name": self.name}
        if isinstance(self.func, Op) or form_of_function(self.func_name) is None:
            return {**config, **self.fixed}
        for name, parameter in parameters(self.func).items():
            if name not in self._takes and parameter.default is not MISSING:
                config[name] = parameter.default
        return {**config, **self.fixed}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Raises: which function it is stands outside the config."""
        raise ArgumentError("An operation is read by operation_from_config.")

    def copy(self) -> FunctionOperation:
        """Another operation of the same function, not called yet."""
        return FunctionOperation(
            self.func_name, self.func, dict(self.fixed), self.name, self._takes
        )

    @property
    def keras_class(self) -> str:
        """The name of Keras's class for this function; the function's own where Keras has none."""
        form = form_of_function(self.func_name)
        return form.class_name if form else self.func_name

    @property
    def keras_module(self) -> str:
        """The module of Keras's class for this function."""
        form = form_of_function(self.func_name)
        return form.module if form else MODULE

    def __repr__(self) -> str:
        return f"<Operation {self.func_name} name={self.name}>"


def is_operation(item: Mapping[str, Any]) -> bool:
    """Whether a member of a graph in a file is an operation."""
    module = str(item.get("module") or "")
    return module.startswith(("keras.src.ops.", "keras.src.activations.")) or module == MODULE


def operation_from_config(class_name: str, config: Mapping[str, Any]) -> FunctionOperation:
    """The operation that a file describes.

    Raises:
        UnknownNameError: no public function has that name.
        ArgumentError: the function takes no such argument.
    """
    form = form_of_class(class_name)
    name = form.function if form else class_name
    if not form and not registry.contains("function", name) and not name.startswith(_OP):
        name = snake_case(class_name)
    func = _function(name)
    fixed = {key: deserialize_keras_object(value) for key, value in config.items()}
    label = fixed.pop("name", None)
    if isinstance(func, Op):
        fixed = {key: _hashable(value) for key, value in fixed.items()}
        return FunctionOperation(name, func, fixed, label, ())
    known = parameters(func)
    closed = all(p.kind is not _KEYWORDS for p in known.values())
    for extra in [k for k in fixed if closed and k not in known]:
        if fixed.pop(extra) is not None:
            raise ArgumentError(
                f"The operation {class_name!r}", expected=", ".join(known), received=repr(extra)
            )
    return FunctionOperation(name, func, fixed, label, form.call if form else _gathered(func))


def _gathered(func: Callable[..., Any]) -> tuple[str, ...]:
    """What a call of a function takes by position where Keras has no form for it: only `*x`."""
    return tuple(f"*{p.name}" for p in parameters(func).values() if p.kind is _POSITIONALS)


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def _function(name: str) -> Callable[..., Any]:
    if name.startswith(_OP):
        return get_op(name.removeprefix(_OP))
    if not registry.contains("function", name):
        raise UnknownNameError(
            "Unknown operation",
            expected="the name of a function of kerasish.ops",
            received=repr(name),
            fix=hint(name, registry.names("function"), 3),
        )
    return registry.lookup("function", name)


def record(
    label: str,
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    name: str | None = None,
) -> Any:
    """Make an operation of one call of a public function, and symbols of its results.

    Args:
        label: the function's name in files.
        func: the function.
        args, kwargs: of the call. Without a symbol among them the result is a constant of a model.
        name: the operation's name in the model; made from the label by default.
    """
    given = signature(func).bind(*args, **kwargs).arguments
    form = form_of_function(label)
    takes = form.call if form else _gathered(func)
    known = parameters(func)
    for rest in (n for n, p in known.items() if p.kind is _KEYWORDS):
        given.update(given.pop(rest, {}))
    positional: list[Any] = []
    # Keras's classes want every argument of a call, given or not.
    for key in (one for one in takes if not one.startswith("**")):
        if key.startswith("*"):
            positional.extend(given.pop(key[1:], ()))
        else:
            positional.append(given.pop(key, known[key].default))
    keywords = any(key.startswith("**") for key in takes)
    named = [k for k, v in given.items() if holds_symbol(v) or (keywords and k not in known)]
    kwargs = {k: given.pop(k) for k in named}
    made = FunctionOperation(label, func, dict(given), name, takes)
    return made.symbolic_call(*positional, **kwargs)


def _record_op(op: Op, inputs: Any, attrs: dict[str, Any]) -> Any:
    """Make an operation of an op of the engine that was called on symbols by no public function."""
    return FunctionOperation(_OP + op.name, op, attrs, None, ())(*inputs)


KerasTensor.recorder = staticmethod(_record_op)
