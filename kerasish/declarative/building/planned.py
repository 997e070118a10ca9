"""What a `data:` section will give, from what the files' headers say: no row is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from kerasish import layers
from kerasish.config import floatx
from kerasish.declarative.building.construct import construct
from kerasish.declarative.building.named import check_named
from kerasish.declarative.building.telling import Failed, told
from kerasish.declarative.check.items import Item
from kerasish.declarative.check.specification import DataEntry, DataSection, Source
from kerasish.declarative.text.errors import Diagnostics
from kerasish.errors import KerasishError, MissingPackageError
from kerasish.models.feature_space import learns
from kerasish.preparation.headers import Header, header
from kerasish.preparation.sources import find
from kerasish.spec import TensorSpec, is_int

_SAME = ("Normalization", "FillMissing", "Rescaling", "fill")  # they give the shape they get
_TABLES = ("csv", "tsv", "parquet", "arrow", "jsonl")
_LISTED = 8


@dataclass
class Planned:
    """What is known of the data.

    Attributes:
        lines: what there is of each source, a line each.
        columns: the columns of all, None where a file is not here or does not say.
        tables: whether all are tables, whose columns hold one value a row.
    """

    lines: list[str] = field(default_factory=list[str])
    columns: Mapping[str, TensorSpec | None] | None = None
    tables: bool = False


def planned(section: DataSection, folder: Path, diagnostics: Diagnostics) -> Planned:
    """What the headers of the files say; columns that they do not have are findings.

    A file that is not here is a line, no finding: a config can be checked where its data are not.

    Args:
        section: the checked section.
        folder: where files are looked for first: the folder of the config.
        diagnostics: receives K501 for damaged files, K502 for columns.
    """
    found = Planned()
    if section.dataset is not None:
        found.lines.append(f"{section.dataset.name}, a dataset that comes by name")
        return found
    usual = section.usual
    known: dict[str, TensorSpec | None] | None = {}
    for source, before in _all_sources(section):
        line, held = _looked_at(source, before, folder, diagnostics)
        if line not in found.lines:
            found.lines.append(line)
        if any(source is one for one in usual):
            known = None if held is None or known is None else known | dict(held.columns)
    found.columns = known
    found.tables = bool(usual) and all(next(iter(one.values)) in _TABLES for one in usual)
    if known is not None:
        check_named(section, list(known), diagnostics)
    return found


def _all_sources(section: DataSection) -> Iterator[tuple[Source, Source | None]]:
    """Every source, with that as which it is read."""
    yield from ((source, None) for source in section.sources)
    for part in section.parts.values():
        yield from zip_longest(part.sources, section.usual[: len(part.sources)])


def _looked_at(
    source: Source, usual: Source | None, folder: Path, diagnostics: Diagnostics
) -> tuple[str, Header | None]:
    """A line on a source, and its header where it has one."""
    name, given = next(iter(source.values.items()))
    files = list(given.values()) if isinstance(given, Mapping) else given
    shown = given if isinstance(given, str) else ", ".join(map(str, files))
    mark = source.marks.get(f"{name}=", source.mark)
    try:
        find(files, folder)
    except KerasishError:
        return f"{shown}: not here, not read", None
    try:
        with told(diagnostics, mark, "K501", source.marks, folder):
            try:
                held = header(source.read_as(usual), folder)
            except MissingPackageError as error:
                return f"{shown}: its header was not read ({error.expected} is missing)", None
    except Failed:
        return f"{shown}: damaged", None
    if held is None:
        return f"{shown}: here, not read", None
    names = list(held.columns)
    more = ", ..." if len(names) > _LISTED else ""
    count = f"{len(names)} column{'s' if len(names) != 1 else ''}"
    rows = "" if held.rows is None else f"{held.rows:,} rows, "
    return f"{shown}: {rows}{count} ({', '.join(names[:_LISTED])}{more})", held


# --- inputs -------------------------------------------------------------------------------------


def planned_inputs(section: DataSection, known: Planned) -> dict[str, TensorSpec] | None:
    """What a model will get, by input, as `Prepared.specs` says it once the data are read.

    Columns of tables whose type only rows say count as numbers where an entry reads them as such,
    and so do those of a table that is not here; an entry whose shape follows from values, such as a
    one-hot code, leaves all unknown.
    """
    if section.x is None or (known.columns is None and not known.tables):
        return None
    columns = dict(known.columns or {})
    entries = {entry.name for entry in section.x}
    if known.columns is None:  # a table whose columns are those that are named
        named = (one.name for entry in section.x for one in entry.sources or ())
        columns = dict.fromkeys(one for one in named if one not in entries)
        columns |= {
            e.name: None for e in section.x for one in e.sources or () if one.name == e.name
        }
    found: dict[str, TensorSpec] = {}
    for entry in section.x:
        specs = _entry(entry, columns)
        if specs is None:
            return None
        for name, spec in specs.items():
            found[name] = TensorSpec(_windowed(section, entry, spec.shape), spec.dtype)
    return found


def _windowed(
    section: DataSection, entry: DataEntry, shape: tuple[int | None, ...]
) -> tuple[int | None, ...]:
    if entry.offsets is not None:
        low, high = entry.offsets
        return (high - low, *shape)
    if section.window is None:
        return shape
    return (section.window.get("history", 1), *shape)


def _entry(
    entry: DataEntry, columns: Mapping[str, TensorSpec | None]
) -> dict[str, TensorSpec] | None:
    """The inputs that an entry gives, None where headers do not say what they are."""
    first = entry.steps[0] if entry.steps else None
    if entry.sources is None or entry.shared is not None:
        return None
    if entry.by_column:
        alone = entry.inputs != (entry.name,) or len(entry.sources) == 1
        return dict.fromkeys(entry.inputs, TensorSpec((1,), "int32")) if alone else None
    if any(one.name not in columns for one in entry.sources):
        return None  # another entry, or the previous row's
    held = [_numbers(columns[one.name]) for one in entry.sources]
    if len(held) > 1 and len({spec.shape[:-1] for spec in held}) > 1:
        return None
    width = sum(spec.shape[-1] or 0 for spec in held)
    shape = (*held[0].shape[:-1], width)
    whole = all(is_int(spec.dtype) and spec.dtype != "uint8" for spec in held)  # pixels are none
    spec = TensorSpec(shape, "int32" if whole else floatx())
    if isinstance(first, Item) and first.name == "TextVectorization":
        length = first.arguments.get("output_sequence_length")
        usual = first.arguments.get("output_mode", "int") == "int" and len(entry.steps) == 1
        fits = usual and isinstance(length, int)
        return {entry.name: TensorSpec((length,), "int32")} if fits else None
    for step in entry.steps:
        after = _stepped(step, spec)
        if after is None:
            return None
        spec = after
    return {entry.name: spec}


def _numbers(spec: TensorSpec | None) -> TensorSpec:
    """A column where only rows say what it is: a number."""
    return (
        TensorSpec((1,), floatx()) if spec is None else TensorSpec(spec.shape or (1,), spec.dtype)
    )


def _stepped(step: Any, spec: TensorSpec) -> TensorSpec | None:
    """What a layer of an entry makes of an input; None where only data say it."""
    if not isinstance(step, Item):
        return None
    if step.name in _SAME:
        return TensorSpec(spec.shape, floatx())
    layer = construct(step, Diagnostics())
    if layer is None or learns(layer):
        is_index = step.name in ("StringLookup", "IntegerLookup", "Hashing")
        indices = is_index and step.arguments.get("output_mode", "int") == "int"
        return TensorSpec(spec.shape, "int32") if indices else None
    try:
        made = layer(layers.Input(spec.shape, dtype=spec.dtype))
    except KerasishError:
        return None
    return TensorSpec(tuple(made.shape[1:]), "int32" if is_int(made.dtype) else floatx())


# --- targets ------------------------------------------------------------------------------------


def planned_targets(model: Any) -> Any:
    """What targets of a compiled model may be: class numbers for sparse losses, else as outputs.

    Returns:
        A spec with a batch axis of None for each output, by name where there are several.
    """
    losses = model.loss
    found: dict[str, TensorSpec] = {}
    for place, (name, output) in enumerate(zip(model.output_names, model.outputs, strict=True)):
        loss = losses
        if isinstance(losses, Mapping):
            loss = losses.get(name)
        elif isinstance(losses, (list, tuple)):
            loss = losses[place]
        word = str(getattr(loss, "name", loss)).lower()
        sparse = word.startswith("sparse")
        shape = tuple(output.shape[:-1] if sparse else output.shape)
        found[name] = TensorSpec(shape, "int32" if sparse else floatx())
    return next(iter(found.values())) if len(found) == 1 else found


def of_batch(spec: Any, size: int) -> Any:
    """A spec with its first size set; a mapping of specs alike."""
    if isinstance(spec, TensorSpec):
        return TensorSpec((size, *spec.shape[1:]), spec.dtype)
    return {name: of_batch(one, size) for name, one in spec.items()}


def has_unknown(spec: TensorSpec) -> bool:
    """Whether a size besides the batch's is open, as for ragged sequences."""
    return any(size is None for size in spec.shape[1:])
