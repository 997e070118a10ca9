"""Models as drawings: `utils.plot_model` and `utils.model_to_dot`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from kerasish import tree
from kerasish.errors import ArgumentError, KerasishError
from kerasish.hints import hinted, is_number, refuse_unknown
from kerasish.layers.base.layer import Layer
from kerasish.layers.input_layer import InputLayer
from kerasish.models import Model, Sequential
from kerasish.saving.files.atomic import replacing
from kerasish.showing.drawing.diagram import Box, Cell, Diagram, Group
from kerasish.showing.drawing.svg import svg
from kerasish.showing.screen import tell

_TEXTS = (".svg", ".dot", ".gv")  # what is written without another program
_DPI = 200


class Drawing:
    """A drawing that notebooks show, as DOT text and as SVG.

    Attributes:
        diagram: what is drawn.
        dpi: size; 200 draws letters as large as usual.
    """

    def __init__(self, diagram: Diagram, dpi: float = _DPI, subgraph: bool = False) -> None:
        self.diagram = diagram
        self.dpi = dpi
        self.subgraph = subgraph

    @property
    def source(self) -> str:
        """DOT text, for graphviz."""
        return self.to_string()

    def to_string(self) -> str:
        """DOT text, for graphviz."""
        return self.diagram.dot(self.dpi, self.subgraph)

    def to_svg(self) -> str:
        """An SVG that stands alone."""
        return svg(self.diagram, self.dpi)

    def write(self, path: str | os.PathLike[str], format: str | None = None) -> Path:
        """Write a file; returns its path.

        SVG and DOT text are written without another program. For other formats graphviz's `dot`
        does the drawing; where it is not installed, an SVG is written beside, and that is told.

        Args:
            path: the file.
            format: "svg", "dot", "png", "pdf", ...; by default what the name ends in, else PNG.

        Raises:
            ArgumentError: graphviz does not know the format.
            OSError: the file cannot be written.
        """
        path = Path(path)
        kind = (format or path.suffix.removeprefix(".") or "png").lower()
        program = None if f".{kind}" in _TEXTS else shutil.which("dot")
        if program is None and f".{kind}" not in _TEXTS:
            instead = path.with_suffix(".svg")
            tell(
                f"{kind.upper()} files are drawn by graphviz, and there is no program `dot`: "
                f"{instead} was written instead of {path.name}."
            )
            path, kind = instead, "svg"
        if program is not None:
            made = _by_graphviz(program, kind, self.to_string())
        else:
            made = (self.to_svg() if kind == "svg" else self.to_string()).encode()
        with replacing(path) as aside:
            aside.write_bytes(made)
        return path

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def __repr__(self) -> str:
        boxes, arrows = len(self.diagram.boxes), len(self.diagram.arrows)
        return f"<drawing of {self.diagram.name!r}: {boxes} boxes, {arrows} arrows>"


def _by_graphviz(program: str, kind: str, text: str) -> bytes:
    ran = subprocess.run(
        [program, f"-T{kind}"], input=text.encode(), capture_output=True, check=False
    )
    if ran.returncode:
        told = " ".join(ran.stderr.decode(errors="replace").split())[:300]
        raise ArgumentError(
            "to_file",
            expected="a name that ends in .svg, .dot or what graphviz draws",
            received=f"{kind!r}, of which it says: {told}",
        )
    return ran.stdout


@hinted
def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float = _DPI,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Drawing:
    """A drawing of a model: a box per layer, an arrow per tensor.

    Args:
        model: a built model. Subclassed models are one box.
        show_shapes: whether boxes have the shapes of inputs and outputs.
        show_dtype: whether boxes have the dtype of outputs.
        show_layer_names: whether boxes have the names of layers beside their classes.
        rankdir: where arrows point: "TB", "BT", "LR" or "RL".
        expand_nested: whether models inside are drawn as frames around their layers.
        dpi: size of the drawing.
        subgraph: whether the DOT text is that of a part of a larger graph.
        show_layer_activations: whether boxes have the activations of layers.
        show_trainable: whether boxes say which weights are trained.
        splines: how arrows run: "ortho", "polyline", "line", "curved" or "spline".

    Returns:
        The drawing, which notebooks show: `to_string()` and `source` are DOT text, `to_svg()` is
        an SVG, and `write(path)` writes a file.

    Raises:
        ArgumentError: the model is not built, or an argument is unknown.
    """
    _check(model, dpi, kwargs)
    shown = _Shown(
        bool(show_shapes),
        bool(show_dtype),
        bool(show_layer_names),
        bool(show_layer_activations),
        bool(show_trainable),
        bool(expand_nested),
    )
    diagram = Diagram(str(model.name), rankdir, splines)
    _Drawn(diagram, shown).model(model, "", "")
    return Drawing(diagram, dpi, subgraph)


@hinted
def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float = _DPI,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Drawing:
    """Draw a model into a file, and in a notebook below the cell; arguments as `model_to_dot`.

    Args:
        to_file: ends in ".svg" or ".dot", which need no other program, or in ".png", ".pdf" and
            what else graphviz draws. Where graphviz is not installed, `model.svg` is written in
            the place of `model.png`, and a sentence says so.

    Returns:
        The drawing.

    Raises:
        ArgumentError: as `model_to_dot`.
        OSError: the file cannot be written.

    Example:

        keras.utils.plot_model(model, "model.svg", show_shapes=True)
    """
    drawing = model_to_dot(
        model,
        show_shapes=show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        rankdir=rankdir,
        expand_nested=expand_nested,
        dpi=dpi,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
        splines=splines,
        **kwargs,
    )
    drawing.write(to_file)
    return drawing


def nodes(model: Any) -> list[dict[str, Any]]:
    """The layers of a model, those of models inside too, for TensorBoard: "name" (with those of
    the models around it), "op" (its class), "input" (names) and "shapes" of its outputs."""
    drawn = _Drawn(Diagram(str(model.name)), _Shown(*[False] * 5, expand_nested=True))
    drawn.model(model, "", "")
    diagram, names = drawn.diagram, {}
    for key, (member, _) in drawn.members.items():
        titles = [diagram.groups[group].title for group in diagram.within(key)]
        name = "/".join([*titles, str(member.name)])
        names[key] = f"{name}_{key}" if name in names.values() else name
    inputs: dict[str, list[str]] = {key: [] for key in names}
    for start, end in diagram.arrows:
        if start != end:
            inputs[end].append(names[start])
    return [
        {
            "name": names[key],
            "op": getattr(member, "keras_class", type(member).__name__),
            "input": inputs[key],
            "shapes": [s.shape for s in _flat(_symbols(member, network)[1])],
        }
        for key, (member, network) in drawn.members.items()
    ]


def _check(model: Any, dpi: Any, others: dict[str, Any]) -> None:
    if not isinstance(model, Model):
        raise ArgumentError("model", expected="a keras.Model", received=repr(model))
    if not model.built:
        raise ArgumentError(
            f"Drawing {model.name!r}",
            expected="a built model",
            received="one without shapes",
            fix="Give it an Input, call build(), or call it on a batch of data.",
        )
    if not is_number(dpi) or not dpi > 0:
        raise ArgumentError("dpi", expected="a number above 0", received=repr(dpi))
    if others.pop("layer_range", None) is not None:
        raise ArgumentError("layer_range", expected="None: drawings show whole models")
    refuse_unknown("model_to_dot", list(others), _Shown._fields)


class _Shown(NamedTuple):
    """What boxes say."""

    show_shapes: bool
    show_dtype: bool
    show_layer_names: bool
    show_layer_activations: bool
    show_trainable: bool
    expand_nested: bool


class _Drawn:
    """Models entered into a diagram."""

    def __init__(self, diagram: Diagram, shown: _Shown) -> None:
        self.diagram = diagram
        self.shown = shown
        self.members: dict[str, tuple[Any, Any]] = {}  # by box: what it is, and of which network

    def model(self, model: Any, group: str, prefix: str) -> None:
        """Enter a model's layers; their keys begin with `prefix`."""
        network = _network(model)
        if network is None:
            self._enter(f"{prefix}{model.name}", model, None, group)
            return
        members = _members(model)
        keys = _keys(model, prefix)
        for member in members:
            key = keys[id(member)]
            if self._opens(member):
                self.diagram.groups[key] = Group(str(member.name), group)
                self.model(member, key, f"{key}/")
            else:
                self._enter(key, member, network, group)
        for record in network.records:
            for number, symbol in enumerate(record.inputs):
                history = symbol.history
                if history is not None and id(history.operation) in keys:
                    self.diagram.arrow(
                        self._exit(history.operation, keys, history.tensor_index),
                        self._entry(record.operation, keys, number),
                    )

    def _opens(self, member: Any) -> bool:
        return self.shown.expand_nested and _network(member) is not None

    def _entry(self, member: Any, keys: dict[int, str], number: int) -> str:
        """The box that takes input number `number` of a member."""
        key = keys[id(member)]
        if not self._opens(member):
            return key
        network = _network(member)
        symbol = network.inputs[number % len(network.inputs)]
        inner = _keys(member, f"{key}/")
        if id(symbol.history.operation) in inner:
            return inner[id(symbol.history.operation)]
        first = next(r for r in network.records if any(s is symbol for s in r.inputs))
        return self._entry(first.operation, inner, 0)

    def _exit(self, member: Any, keys: dict[int, str], number: int) -> str:
        """The box that makes output number `number` of a member."""
        key = keys[id(member)]
        if not self._opens(member):
            return key
        history = _network(member).outputs[number].history
        inner = _keys(member, f"{key}/")
        if id(history.operation) not in inner:
            return next(iter(inner.values()))
        return self._exit(history.operation, inner, history.tensor_index)

    def _enter(self, key: str, member: Any, network: Any, group: str) -> None:
        self.members[key] = (member, network)
        self.diagram.boxes[key] = self._box(member, network, group)

    def _box(self, member: Any, network: Any, group: str) -> Box:
        shown, cls = self.shown, getattr(member, "keras_class", type(member).__name__)
        name = f"{member.name} ({cls})" if shown.show_layer_names else cls
        rows = [[Cell(name, kind="title")]]
        activation = getattr(member, "activation", None)
        if shown.show_layer_activations and activation is not None:
            rows.append([Cell(_name_of(activation), "Activation")])
        cells = []
        taken, made = _symbols(member, network)
        if shown.show_shapes and not isinstance(member, InputLayer):
            cells.append(Cell(_each(taken, "shape"), "Input shape"))
        if shown.show_shapes:
            cells.append(Cell(_each(made, "shape"), "Output shape"))
        if shown.show_dtype:
            cells.append(Cell(_each(made, "dtype"), "Output dtype"))
        if shown.show_trainable and isinstance(member, Layer) and member.weights:
            on = member.trainable
            cells.append(Cell("Trainable" if on else "Non-trainable", kind="good" if on else "bad"))
        return Box([*rows, cells] if cells else rows, group)


def _network(member: Any) -> Any:
    """The calls that a model is made of; None where it has its own `call`, or is no model."""
    if isinstance(member, Sequential):
        return member._chain
    return member.network if isinstance(member, Model) else None


def _members(model: Any) -> list[Any]:
    """What is drawn of a model: a Sequential's input is no box, as in Keras."""
    members = _network(model).operations
    if isinstance(model, Sequential) and len(members) > 1:
        return [m for m in members if not isinstance(m, InputLayer)]
    return members


def _keys(model: Any, prefix: str) -> dict[int, str]:
    return {id(member): f"{prefix}{number}" for number, member in enumerate(_members(model))}


def _symbols(member: Any, network: Any) -> tuple[Any, Any]:
    """What goes into a member and what comes out, where all its calls agree; None where not."""
    calls = [c for c in member._calls if network is None or c in network.records]
    if isinstance(member, InputLayer):
        return None, member.output
    if not calls:
        try:
            return member.input, member.output
        except (KerasishError, AttributeError):
            return None, None
    forms = {(_each(_inputs(c), "shape"), _each(c.outputs, "shape")) for c in calls}
    return (_inputs(calls[-1]), calls[-1].outputs) if len(forms) == 1 else (None, None)


def _inputs(call: Any) -> Any:
    return call.inputs[0] if len(call.inputs) == 1 else list(call.inputs)


def _flat(symbols: Any) -> list[Any]:
    return [] if symbols is None else tree.flatten(symbols)


def _each(symbols: Any, what: str) -> str:
    """A property of every symbol of a structure."""
    if symbols is None:
        return "?"
    if isinstance(symbols, dict):
        return ", ".join(f"{key}: {_each(value, what)}" for key, value in symbols.items())
    return ", ".join(str(getattr(symbol, what)) for symbol in tree.flatten(symbols)) or "none"


def _name_of(activation: Any) -> str:
    return str(getattr(activation, "name", None) or getattr(activation, "__name__", activation))
