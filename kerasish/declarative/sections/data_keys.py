"""The keys of `data:` and of what stands in it: sources, choices of rows, entries."""

from __future__ import annotations

from kerasish.declarative.language.forms import (
    Form,
    Schema,
    anything,
    choice,
    either,
    exactly,
    flag,
    listed,
    mapped,
    named,
    nothing,
    number,
    objects,
    text,
    whole,
)
from kerasish.declarative.language.keys import Key, Keys, mapping
from kerasish.preparation import FORMATS
from kerasish.preparation.formats import KINDS, TYPES, Option

_COLUMN = text("a column")
_COLUMNS = either(_COLUMN, listed(_COLUMN, "columns"))
_FILES = either(
    text("a file or a pattern"),
    listed(text("a file or a pattern"), "files"),
    mapped(anything(), "a mapping from columns to files"),
)
# The JSON Schemas of the kinds of options.
_TEXTS: Schema = {"type": "array", "items": {"type": "string"}}
_NAMES: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
_SCHEMAS: dict[str, Schema] = {
    "text": {"type": "string"},
    "letter": {"type": "string", "minLength": 1, "maxLength": 1},
    "letter or false": {"anyOf": [{"type": "string", "maxLength": 1}, {"const": False}]},
    "mark": {"enum": [",", "."]},
    "flag": {"type": "boolean"},
    "count": {"type": "integer", "minimum": 1},
    "size": {"type": "array", "items": {"type": "integer", "minimum": 1}},
    "texts": {"anyOf": [{"type": "string"}, _TEXTS]},
    "values": {"type": ["string", "number", "array"]},
    "names": {"anyOf": [_TEXTS, _NAMES]},
    "types": {"type": "object", "additionalProperties": {"enum": list(TYPES)}},
    "texts by name": _NAMES,
    "files": {"type": "object", "additionalProperties": {"type": "object"}},
    "unit": {"enum": ["line", "character", "file"]},
    "color": {"enum": ["rgb", "rgba", "grayscale"]},
}


def _option(option: Option) -> Key:
    words, takes = KINDS[option.kind]
    form = Form(words, _SCHEMAS[option.kind], takes)
    return Key(option.name, form, option.text, example=option.example)


def _source_of(name: str) -> Keys:
    """The keys of a source of one format, for the checker."""
    held = FORMATS[name]
    files = Key(name, _FILES, held.text, example=held.files)
    return Keys(f"source {name}", held.text, files, *map(_option, held.keys.values()))


SOURCES = {name: _source_of(name) for name in FORMATS}


def _source() -> Keys:
    formats = [
        Key(name, _FILES, held.text[:1].lower() + held.text[1:].rstrip("."), example=held.files)
        for name, held in FORMATS.items()
    ]
    taken = {name: option for held in FORMATS.values() for name, option in held.keys.items()}
    options = [_option(option) for option in taken.values()]
    return Keys(
        "source",
        "Files as a table of rows: the format is the key, a file, a list of files or a pattern its "
        "value; options stand beside it. Files are looked for beside the config, then under "
        "`$KERASISH_DATA`.",
        *formats,
        *options,
        one_of=tuple(FORMATS),
    )


SOURCE = _source()
_SOURCES = either(mapping(SOURCE), listed(mapping(SOURCE), "sources, side by side"))
PART = Keys(
    "part",
    "The rows of a part: one choice of them, or a source of its own.",
    Key("split", number("a number between 0 and 1", above=0, below=1),
        "this share of the rows that no other part names, drawn under the seed, the last ones of a "
        "series", example="0.1"),
    Key("stratify", _COLUMN, "beside `split`: every class keeps its share", example="label"),
    Key("group", _COLUMN, "beside `split`: rows of one value stay together", example="speaker"),
    Key("rows", listed(either(whole(0), nothing()), "two row numbers, [from, to]"),
        "rows from one number up to another, which is not among them", example="[0, 8640]"),
    Key("every", whole(2), "every so many rows", example="5"),
    Key("from", whole(0), "beside `every`: the first row", example="4"),
    Key("where", mapped(anything(), "a mapping from columns to values"),
        "rows whose columns hold a value, one of a list, or lie between `from` and `to`",
        example="{split: [test, late]}"),
    *[key for key in SOURCE.records() if key.name not in ("group",)],
)  # fmt: skip
WINDOW = Keys(
    "window",
    "Windows of rows in order: x the rows before a moment, y those from it on.",
    Key("history", whole(1), "rows before the moment", 1, example="96"),
    Key("horizon", whole(1), "rows from the moment on", 1, example="24"),
    Key("stride", whole(1), "rows between moments", 1, example="1"),
)
FILL = either(choice("mean", "median", "most_frequent", "previous"), number())
PAD = Keys(
    "pad",
    "Rows of different lengths brought to one; longer ones are cut at the same side.",
    Key("length", whole(1), "of every row", required=True, example="8000"),
    Key("at", choice("end", "start"), "where short rows are filled up", "end", example="start"),
    Key("value", anything("a number or text"), "what with", 0, example="0"),
)
MAP = mapped(either(number(), text("a name")), "a mapping from values to numbers or names")
BODIES = (
    Key("map", MAP, "numbers for values, or names of classes", example="{ham: 0, spam: 1}"),
    Key("fill", FILL,
        "what stands in for missing values", example="median"),
    Key("pad", either(whole(1), mapping(PAD)),
        "makes rows of many lengths one length", example="{length: 8000, at: end, value: 0}"),
    Key("FeatureSpace", exactly("auto"), "prepares each column as its values ask for",
        example="auto"),
)  # fmt: skip
ENTRY = Keys(
    "entry",
    "An input or a target, made of columns: a node over columns, with one body or none: a layer, "
    "`seq`, `use`, or what only data have.",
    Key("from", _COLUMNS, "columns, other entries, or `rest` for the columns that nobody else "
        "reads", example="[age, hours]"),
    Key("seq", listed(anything(), "layers and bodies"), "bodies in turn",
        example="[fill: median, Normalization]"),
    Key("use", text("an entry"), "the layers of another entry", example="words"),
    *BODIES,
    Key("offsets", listed(whole(-1_000_000), "two row numbers, [from, to]"),
        "which rows around a moment, half-open; the moment's own is 0", example="[-128, 0]"),
    open=anything("a layer with its arguments"),
)  # fmt: skip
_ENTRIES = either(_COLUMN, listed(_COLUMN, "columns"), mapping(ENTRY))
DATA = Keys(
    "data",
    "Where the samples come from, which rows are held out, and what of them the model reads.",
    Key("source", _SOURCES, "the files; a list puts several side by side, row by row",
        example="{csv: sms.csv}"),
    Key("dataset", objects("dataset"), "a dataset that comes by name, in the place of `source`",
        example="digits"),
    Key("train", either(mapping(PART), listed(mapping(SOURCE), "sources")),
        "the rows for training; by default all that no other part takes",
        example="{where: {split: train}}"),
    Key("validation", either(mapping(PART), listed(mapping(SOURCE), "sources")),
        "the rows that are looked at after each epoch", example="{split: 0.1}"),
    Key("test", either(mapping(PART), listed(mapping(SOURCE), "sources")),
        "the rows that are looked at in the end", example="{every: 5, from: 4}"),
    Key("window", mapping(WINDOW), "makes samples of windows of rows",
        example="{history: 96, horizon: 24}"),
    Key("x", named("entries", "a column, a list of columns, `rest`, an entry or entries by name"),
        "what the model reads", example="{words: {from: text, TextVectorization: {}}}"),
    Key("y", named("entries", "a column, a list of columns, an entry or entries by name"),
        "what it is to give", example="label"),
    Key("sample_weight", _COLUMN, "the column of how much each row counts", example="weight"),
    Key("augment", named("layers", "a list of layers", "array"), "layers on x, in training only",
        example="[RandomFlip: horizontal]"),
    Key("batch_size", whole(1), "samples of a batch", 32, example="64"),
    Key("shuffle", flag(), "whether training goes through the rows in another order each time",
        True, example="false"),
    Key("cache", either(flag(), text("a folder")), "keeps prepared samples in memory or a folder",
        False, example="true"),
)  # fmt: skip
