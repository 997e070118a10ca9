"""The whole document checked: sections, layers, references, losses; all findings together."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Collection
from dataclasses import replace

from kerasish.declarative.check.fields import Fields
from kerasish.declarative.check.items import Checker
from kerasish.declarative.check.specification import Config, FunctionalSection, ModelSection
from kerasish.declarative.language.forms import (
    anything,
    choice,
    exactly,
    listed,
    mapped,
    text,
    whole,
)
from kerasish.declarative.language.forms import name as name_
from kerasish.declarative.language.keys import Key, Keys, mapping
from kerasish.declarative.language.model import BLOCK, MODEL
from kerasish.declarative.sections.data import read_data
from kerasish.declarative.sections.data_keys import DATA
from kerasish.declarative.sections.model import read_model, texts_read
from kerasish.declarative.sections.monitors import check_monitors
from kerasish.declarative.sections.train import TRAIN, read_train
from kerasish.declarative.text.errors import Diagnostics, must_be
from kerasish.declarative.text.source import Mapping, Scalar
from kerasish.errors import told

FORMAT = 1
SECTIONS = Keys(
    "file",
    "The sections of a file.",
    Key("kerasish", exactly(FORMAT), "the version of the format", required=True, example="1"),
    Key("base", text("a file"), "a file below this one's folder that this one is laid over: "
        "mappings key by key, lists and objects whole, `null` takes a key away",
        example="common.yaml"),
    Key("name", name_(), "the run's name; by default the file's", example="digits"),
    Key("description", text(), "words", example="a first try"),
    Key("seed", whole(0, 2**32 - 1), "where random numbers start", example="1"),
    Key("backend", choice("auto", "numpy", "cupy"), "what computes", example="auto"),
    Key("vars", mapped(anything(), "values by name"), "values used elsewhere as `$name` or in "
        "arithmetic", example="{width: 64, epochs: 5}"),
    Key("blocks", mapped(mapping(BLOCK), "blocks by name"), "layers or nodes with arguments",
        example="{hidden: {args: {units: 64}, layers: [Dense: $units]}}"),
    Key("plugins", listed(text("a module"), "modules"), "modules that the file needs, loaded only "
        "by `--allow`", example="[mine]"),
    Key("model", mapping(MODEL), "the network", required=True,
        example="{input: [4], layers: [Dense: 3]}"),
    Key("data", mapping(DATA), "what it learns from", example="{dataset: digits}"),
    Key("train", mapping(TRAIN), "how it is trained",
        example="{optimizer: adam, loss: mse}"),
)  # fmt: skip
BACKENDS = SECTIONS["backend"].form.choices


def validate(
    document: Mapping,
    diagnostics: Diagnostics,
    plugins: Collection[str] = (),
    name: str = "model",
    network: bool = False,
) -> Config:
    """The configuration that the resolved document describes.

    Args:
        document: what `read_document` gives.
        diagnostics: receives the findings.
        plugins: modules whose layers the caller has registered, beside those that are imported.
        name: the name where the file gives none.
        network: whether the file may name what opens connections to other machines.

    Raises:
        ConfigError: something is wrong; all findings at once.
    """
    fields = Fields(document, "the file", SECTIONS, diagnostics)
    _check_format(fields)
    requested = _plugins(fields)
    missing = [one for one in requested if one not in plugins and one not in sys.modules]
    checker = Checker(diagnostics, missing, network)
    fields.text("description")
    fields.mapping("vars")
    fields.require("model", "model: {layers: [...]}")
    if "data" in fields.entries and fields.value("data") is None:
        hint = "write data: {dataset: digits}, or take the line away"
        diagnostics.add("K202", "data is empty", fields.place("data"), hint)
    data = fields.read("data", lambda value: read_data(value, checker))
    if data is not None:
        data = replace(data, read=frozenset(texts_read(document.get("model"))))
    entries = None if data is None else data.inputs
    model = fields.read("model", lambda value: read_model(value, checker, entries))
    train = fields.read("train", lambda value: read_train(value, checker, output_names(model)))
    if train is not None and model is not None:
        validates = None if data is None else "validation" in data.parts
        check_monitors(train, output_names(model), validates, diagnostics)
    seed = fields.given("seed")
    backend = fields.given("backend")
    chosen = fields.read("name", checker.name) or name
    diagnostics.raise_if_any()
    if model is None:
        raise diagnostics.error()
    if missing:
        mend = diagnostics.told("Import it first.", f"Pass --allow {missing[0]}.")
        what = f"The file's plugins ask for {', '.join(missing)}, which nobody imported"
        warnings.warn(told(what, fix=mend), stacklevel=2)
    return Config(document, chosen, model, seed, backend, data, train, tuple(requested))


def output_names(model: ModelSection | None) -> tuple[str, ...]:
    """The names of the model's outputs: the names of the layers that make them."""
    if not isinstance(model, FunctionalSection):
        return ()
    names = {node.name: node for node in model.nodes}
    found = []
    for one in model.outputs:
        node = names.get(one.name)
        if node is not None and node.shared is not None:
            found.append(node.shared.name)
        elif node is not None and node.items:
            found.append(str(node.items[-1].arguments.get("name", one.name)))
        else:
            found.append(one.name)
    return tuple(found)


def _check_format(fields: Fields) -> None:
    value = fields.require("kerasish", f"start the file with 'kerasish: {FORMAT}'")
    if value is None:
        return
    held = value.value if isinstance(value, Scalar) else None
    if type(held) is not int or held != FORMAT:
        message = f"this is no file of format {FORMAT}"
        hint = f"this version reads 'kerasish: {FORMAT}'"
        fields.diagnostics.add("K110", message, value.mark, hint)


def _plugins(fields: Fields) -> list[str]:
    """The plugins that the file asks for; only the caller can grant them."""
    found = []
    for value in fields.items("plugins"):
        if isinstance(value, Scalar) and isinstance(value.value, str):
            found.append(value.value)
            if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", value.value) or (
                value.value.endswith(".py")
            ):
                hint = f"write {value.value.removesuffix('.py').replace('/', '.')}"
                message = must_be("a plugin", "the name of a module, without .py", value)
                fields.diagnostics.add("K204", message, value.mark, hint)
        else:
            message = must_be("a plugin", "the name of a module", value)
            fields.diagnostics.add("K204", message, value.mark)
    return found
