"""Calls on symbols: their shapes, and the records from which functional models repeat them."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from kerasish import budget, tree
from kerasish.errors import ArgumentError, KerasishError, LimitError
from kerasish.graph.tensor import Tensor, input_tensor
from kerasish.graph.trace import tracing
from kerasish.ops.symbol import KerasTensor, has_symbol
from kerasish.spec import TensorSpec

# What stands for an unknown dimension when shapes cannot be found without knowing it: a result
# dimension that differs between the two is unknown.
STAND_INS = (83, 89)
_STANDING_IN = re.compile(rf"(?<![\w.])({'|'.join(map(str, STAND_INS))})(?![\w.])")
_serial = itertools.count()


class NeedsNumbers(BaseException):
    """Code that is not this package's own is about to run where dimensions are None.

    None means something else to much of Python (`x[:, :n]`, `arange(0, n)`), so that such code
    would go wrong without an error; it is run with numbers instead.
    """


class _Finding(threading.local):
    """How unknown dimensions appear while shapes are being found on this thread."""

    def __init__(self) -> None:
        self.active = False
        self.size: int | None = None  # the number that stands for them; None: they are None
        self.tentative = False  # with None, and ready to try numbers
        self.scope: SymbolicScope | None = None


finding = _Finding()


@contextmanager
def _found_with(size: int | None, tentative: bool) -> Iterator[None]:
    held = finding.active, finding.size, finding.tentative
    finding.active, finding.size, finding.tentative = True, size, tentative
    try:
        yield
    finally:
        finding.active, finding.size, finding.tentative = held


def known_shape(shape: tuple[Any, ...]) -> tuple[Any, ...]:
    """A shape in which stand-ins are unknown again."""
    if finding.size is None:
        return shape
    return tuple(None if d == finding.size else d for d in shape)


class SymbolicScope:
    """Context manager of Keras's: says that shapes are being found, and no values.

    Here a trace knows that by itself, so nothing depends on it.
    """

    def __enter__(self) -> SymbolicScope:
        self._outer, finding.scope = finding.scope, self
        return self

    def __exit__(self, *error: object) -> None:
        finding.scope = self._outer

    @staticmethod
    def current() -> SymbolicScope | None:
        """The innermost scope that is open on this thread; None outside of any."""
        return finding.scope


class History(NamedTuple):
    """Which call made a symbol: call `node_index` of `operation`, output `tensor_index`."""

    operation: Any
    node_index: int
    tensor_index: int

    @property
    def record(self) -> CallRecord:
        """The call."""
        return self.operation._calls[self.node_index]


class CallRecord:
    """One call of a layer or operation on symbols.

    Args:
        operation: what was called.
        args, kwargs: as they were passed, symbols included.
        outputs: the structure of symbols that came out.
    """

    def __init__(self, operation: Any, args: tuple[Any, ...], kwargs: Any, outputs: Any) -> None:
        self.operation = operation
        self.args = args
        self.kwargs = dict(kwargs)
        self.outputs = outputs
        self.serial = next(_serial)
        self.index = len(operation._calls)
        operation._calls.append(self)
        for i, symbol in enumerate(tree.flatten(outputs)):
            if isinstance(symbol, KerasTensor):
                symbol.history = History(operation, self.index, i)

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbols among the arguments, in order."""
        leaves = tree.flatten((self.args, self.kwargs))
        return [leaf for leaf in leaves if isinstance(leaf, KerasTensor)]

    @property
    def parents(self) -> list[CallRecord]:
        """The calls that made the inputs, each once."""
        found = {id(s.history.record): s.history.record for s in self.inputs}
        return list(found.values())

    def repeat(self, values: dict[int, Any], func: Callable[..., Any], **more: Any) -> Any:
        """`func` on the arguments with symbols replaced by `values[id(symbol)]`."""

        def fill(leaf: Any) -> Any:
            return values[id(leaf)] if isinstance(leaf, KerasTensor) else leaf

        args = tree.map_structure(fill, self.args)
        kwargs = {k: tree.map_structure(fill, v) for k, v in self.kwargs.items()}
        return func(*args, **{**kwargs, **more})


class Called:
    """Base of what remembers its calls on symbols: layers and operations."""

    name: Any
    _calls: list[CallRecord]

    def _first_call(self, what: str) -> CallRecord:
        if not self._calls:
            raise ArgumentError(
                f"{self.name}.{what}",
                expected="a layer or operation that was called on symbols",
                received="one that was not",
            )
        return self._calls[0]

    @property
    def input(self) -> Any:
        """The symbol or symbols of the first symbolic call."""
        found = self._first_call("input").inputs
        return found[0] if len(found) == 1 else found

    @property
    def output(self) -> Any:
        """The symbol or symbols that the first symbolic call gave."""
        return self._first_call("output").outputs


def record_call(operation: Any, func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Find what `func` gives on symbols, and enter the call into the history of the results.

    Plain values, such as the shape of a symbol, are results without a history.
    """
    outputs = infer(func, args, kwargs)
    if has_symbol((outputs,), {}):
        CallRecord(operation, args, kwargs, outputs)
    return outputs


def infer(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """New symbols of the shapes and dtypes that `func` gives.

    Raises: what `func` raises, with None for unknown dimensions.
    """
    budget.spend("work", 16, "a call of a layer")
    leaves = tree.flatten((args, kwargs))
    unknown = any(isinstance(x, KerasTensor) and None in x.shape for x in leaves)

    def with_none(tentative: bool) -> Any:
        return tree.map_structure(_symbol, _run(func, args, kwargs, None, tentative))

    first: Exception | None = None
    try:
        return with_none(unknown)
    except NeedsNumbers:
        pass
    except LimitError:
        raise
    except Exception as error:
        if not unknown:
            raise
        first = error
    # Code of users, and code that needs numbers where a dimension is unknown.
    try:
        numbered = [_run(func, args, kwargs, size, False) for size in STAND_INS]
        return tree.map_structure(_common, *numbered)
    except Exception as error:  # noqa: BLE001  (one of the errors is raised)
        if first is not None:
            raise _to_show(first, error) from None
        try:  # what only a made-up size made fail, such as a division of axes
            return with_none(False)
        except Exception as other:  # noqa: BLE001
            raise _to_show(other, error) from None


def _to_show(with_none: Exception, with_numbers: Exception) -> Exception:
    """The error that is the user's own: the one with None, unless None was what it failed on."""
    raw = with_none.__cause__ or with_none
    if isinstance(raw, TypeError | AttributeError) and "NoneType" in str(raw):
        return _reworded(with_numbers)
    return with_none


def _reworded(error: Exception) -> Exception:
    """An error with None for the sizes that stood in."""
    if isinstance(error, KerasishError):
        error.reword(lambda text: _STANDING_IN.sub("None", text))
    texts = [_STANDING_IN.sub("None", a) if isinstance(a, str) else a for a in error.args]
    error.args = tuple(texts)
    return error


def _run(
    func: Callable[..., Any], args: Any, kwargs: Any, size: int | None, tentative: bool
) -> Any:
    """`func` traced on plain symbolic tensors, unknown dimensions replaced by `size`."""
    made: dict[int, Tensor] = {}

    def stand(leaf: Any) -> Any:
        if not isinstance(leaf, KerasTensor):
            return leaf
        if id(leaf) not in made:
            made[id(leaf)] = _plain(leaf, size)
        return made[id(leaf)]

    plain_args = tree.map_structure(stand, args)
    plain_kwargs = {k: tree.map_structure(stand, v) for k, v in kwargs.items()}
    with tracing(), _found_with(size, tentative):
        return func(*plain_args, **plain_kwargs)


def _plain(symbol: Tensor, size: int | None) -> Tensor:
    made = input_tensor(_filled(symbol.spec, size), symbol.name)
    if symbol.mask is not None:
        made.mask = input_tensor(_filled(symbol.mask.spec, size))
    return made


def _filled(spec: TensorSpec, size: int | None) -> TensorSpec:
    return TensorSpec(tuple(size if d is None else d for d in spec.shape), spec.dtype)


def _symbol(result: Any) -> Any:
    if not isinstance(result, Tensor):
        return result
    made = KerasTensor(result.shape, result.dtype)
    if result.mask is not None:
        made.mask = input_tensor(result.mask.spec)
    return made


def _common(a: Any, b: Any) -> Any:
    if not isinstance(a, Tensor):
        return a if a == b else None
    made = KerasTensor(_merged(a.shape, b.shape), a.dtype)
    if a.mask is not None and b.mask is not None:
        made.mask = input_tensor(TensorSpec(_merged(a.mask.shape, b.mask.shape), a.mask.dtype))
    return made


def _merged(a: tuple[Any, ...], b: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(d if d == e else None for d, e in zip(a, b, strict=True))


def is_shape(value: Any) -> bool:
    """Whether `value` is one shape: a list or tuple of ints and None."""
    return isinstance(value, (list, tuple)) and all(d is None or isinstance(d, int) for d in value)


def symbols(shape: Any, dtype: str) -> Any:
    """A symbol per shape of a structure of shapes."""
    if shape is None or is_shape(shape):
        return None if shape is None else KerasTensor(shape, dtype)
    if isinstance(shape, dict):
        return {key: symbols(item, dtype) for key, item in shape.items()}
    if not isinstance(shape, (list, tuple)):
        raise ArgumentError("A shape", expected="a list or tuple of ints and None", received=shape)
    return [symbols(item, dtype) for item in shape]
