"""What Keras does with text on TensorFlow only: layers, the data they adapt to, and inputs.

`run` takes a namespace, Keras's or ours, so that both do the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

WORDS = [["earth", "wind"], ["fire", "straße"], ["wind", "Ünï ☃"], ["", "fire"], ["sea", "air"]]
NUMBERS = [[42, 7], [-3, 1000], [7, 7], [0, 123456789012], [5, -9223372036854775807]]
TEXTS = [
    "The cat, the DOG!",
    "",
    "  a\tb\nc  d\r\n",
    "ÀÉ école (école) isn't\u00a0it",
    "don't stop_me; 1,000 [x] {y} ^ ~ `z` | \\",
    "naïve ☃☃ 😀 snow",
    "the the the cat dog wind",
]
# Every length at which FarmHash takes another way, and SipHash another number of words.
LENGTHS = (
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    8,
    9,
    15,
    16,
    17,
    24,
    31,
    32,
    33,
    48,
    63,
    64,
    65,
    100,
    127,
    128,
    129,
)
MANY = [("kerasish ☃ " * 20).encode()[:n].decode(errors="ignore").ljust(n, "~") for n in LENGTHS]
SALTS: tuple[Any, ...] = (None, 133, [133, 137])


def _lookups() -> dict[str, Any]:
    found: dict[str, Any] = {}
    vocabulary = ["fire", "wind", "air", "Ünï ☃"]
    for mode in ("int", "one_hot", "multi_hot", "count", "tf_idf"):
        weights = {"idf_weights": [0.25, 0.75, 0.6, 0.4]} if mode == "tf_idf" else {}
        for oov in (1, 3):
            for mask in (None, ""):
                # A mask token among given words stands in front where it has an index.
                given = {"vocabulary": vocabulary, "output_mode": mode, "num_oov_indices": oov}
                label = f"StringLookup {mode} oov={oov} mask={mask!r}"
                found[label] = ("StringLookup", {**given, **weights, "mask_token": mask}, None)
                mask = None if mask is None else 0
                given["vocabulary"] = [7, 42, -3, 123456789012]
                label = f"IntegerLookup {mode} oov={oov} mask={mask}"
                found[label] = ("IntegerLookup", {**given, **weights, "mask_token": mask}, None)
        for pad in (False, True):
            given = {"output_mode": mode, "max_tokens": 5, "pad_to_max_tokens": pad}
            found[f"StringLookup adapt {mode} pad={pad}"] = ("StringLookup", given, WORDS)
            found[f"IntegerLookup adapt {mode} pad={pad}"] = ("IntegerLookup", given, NUMBERS)
    for salt in SALTS:
        given = {"num_oov_indices": 5, "vocabulary": ["fire"], "salt": salt}
        found[f"StringLookup salt={salt}"] = ("StringLookup", given, None)
        given = {"num_oov_indices": 5, "vocabulary": [7], "salt": salt, "oov_method": "farmhash"}
        found[f"IntegerLookup salt={salt}"] = ("IntegerLookup", given, None)
    found["StringLookup adapt mask"] = ("StringLookup", {"mask_token": ""}, WORDS)
    found["IntegerLookup adapt mask"] = ("IntegerLookup", {"mask_token": 7}, NUMBERS)
    return found


def _hashing() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for salt in SALTS:
        for bins in (1, 3, 1000003):
            found[f"Hashing {bins} salt={salt}"] = ("Hashing", {"num_bins": bins, "salt": salt})
        for mode in ("one_hot", "multi_hot", "count"):
            given = {"num_bins": 4, "salt": salt, "output_mode": mode}
            found[f"Hashing {mode} salt={salt}"] = ("Hashing", given)
        found[f"Hashing mask salt={salt}"] = ("Hashing", {"num_bins": 5, "salt": salt})
    return found


def _vectorizations() -> dict[str, Any]:
    options: dict[str, Any] = {
        "plain": {},
        "lower": {"standardize": "lower"},
        "strip": {"standardize": "strip_punctuation"},
        "as it is": {"standardize": None},
        "character": {"split": "character"},
        "whole": {"split": None},
        "ngrams 2": {"ngrams": 2},
        "ngrams (3, 1)": {"ngrams": (3, 1)},
        "ngrams of characters": {"ngrams": (2,), "split": "character"},
        "length 3": {"output_sequence_length": 3},
        "length 20": {"output_sequence_length": 20},
        "whole length 3": {"output_sequence_length": 3, "split": None},
        "max_tokens 6": {"max_tokens": 6},
    }
    for mode in ("one_hot", "multi_hot", "count", "tf_idf"):
        if mode != "one_hot":
            options[mode] = {"output_mode": mode}
            options[f"{mode} padded"] = {
                "output_mode": mode,
                "max_tokens": 40,
                "pad_to_max_tokens": True,
            }
            options[f"{mode} 6"] = {"output_mode": mode, "max_tokens": 6, "ngrams": 2}
        options[f"{mode} whole"] = {"output_mode": mode, "split": None}
    options["whole ngrams"] = {"split": None, "ngrams": 2}
    options["count whole ngrams"] = {"split": None, "ngrams": (1, 3), "output_mode": "count"}
    return {f"TextVectorization {k}": ("TextVectorization", v, TEXTS) for k, v in options.items()}


LOOKUPS, HASHING, VECTORIZATIONS = _lookups(), _hashing(), _vectorizations()


def plain(value: Any) -> Any:
    """A result as lists, texts as str."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    array = value.numpy() if hasattr(value, "numpy") else np.asarray(value)
    if array.dtype.kind in "OSU":
        flat = [t.decode() if isinstance(t, bytes) else str(t) for t in array.reshape(-1).tolist()]
        return {"dtype": "string", "shape": list(array.shape), "values": flat}
    name = array.dtype.name
    return {"dtype": name, "shape": list(array.shape), "values": array.reshape(-1).tolist()}


def _vocabulary(layer: Any) -> list[Any]:
    return [t if isinstance(t, str) else int(t) for t in layer.get_vocabulary()]


def lookup(keras: Any, label: str) -> Any:
    """The vocabulary of a lookup, and what it gives."""
    kind, given, data = LOOKUPS[label]
    layer = getattr(keras.layers, kind)(**given)
    inputs = np.array(WORDS if kind == "StringLookup" else NUMBERS)
    if data is not None:
        layer.adapt(np.array(data))
    found = {"vocabulary": _vocabulary(layer), "y": plain(layer(inputs))}
    if layer.output_mode == "int" and "salt" not in label:
        back = getattr(keras.layers, kind)(
            vocabulary=layer.get_vocabulary(), mask_token=layer.mask_token, invert=True,
            num_oov_indices=layer.num_oov_indices,
        )  # fmt: skip
        found["back"] = plain(back(layer(inputs)))
    return found


def hashing(keras: Any, label: str) -> Any:
    """The bins of texts and of integers."""
    kind, given = HASHING[label]
    mask = "mask" in label
    of = {
        "texts": np.array(MANY)[:, None] if given.get("output_mode") else np.array(MANY),
        "pairs": np.array(WORDS),
        "int64": np.array(NUMBERS),
        "int32": np.array([[1, -2], [3, 2147483647]], "int32"),
        "float32": np.array([[1.5, -2.7]], "float32"),
    }
    found = {}
    for name, inputs in of.items():
        value = ("fire" if inputs.dtype.kind == "U" else 7) if mask else None
        if name == "float32" and mask:
            continue
        found[name] = plain(getattr(keras.layers, kind)(**given, mask_value=value)(inputs))
    return found


def crossing(keras: Any, label: str) -> Any:
    """The bins of crossed features."""
    bins, mode = label.split()
    layer = keras.layers.HashedCrossing(int(bins), output_mode=mode)
    words = np.array([row[0] for row in WORDS])
    more = np.array([row[1] for row in WORDS])
    numbers = np.array([row[0] for row in NUMBERS])
    return {
        "two": plain(layer((words, numbers))),
        "three": plain(layer((words, more, numbers))),
        "ints": plain(layer((numbers, numbers[::-1].copy()))),
        "columns": plain(layer((words[:, None], numbers[:, None]))),
        "alone": plain(layer((np.array("A"), np.array(101)))),
    }


CROSSINGS = ("5 int", "1000003 int", "5 one_hot")


def vectorization(keras: Any, label: str) -> Any:
    """The vocabulary of a TextVectorization, and what it gives."""
    kind, given, data = VECTORIZATIONS[label]
    layer = getattr(keras.layers, kind)(**given)
    layer.adapt(np.array(data))
    found = {"vocabulary": _vocabulary(layer), "y": plain(layer(np.array(data)))}
    if "whole ngrams" in label:
        found["pairs"] = plain(layer(np.array([["cat", "dog", "cat"], ["TheX", "dog", "a"]])))
    if "whole" not in label:
        found["column"] = plain(layer(np.array(data[:3])[:, None]))
        found["unseen"] = plain(layer(np.array(["a cat unseen", "", "x y z the"])))
    return found


SHAPES = ((3,), (2, 1), (2, 3), (2, 3, 1), (2, 1, 3), (2, 3, 4), (2, 3, 2, 2))


def vectors(keras: Any, label: str) -> Any:
    """What vector modes make of inputs of several ranks."""
    mode, made = label.split()[-1], keras.layers
    kinds: dict[str, Any] = {
        "CategoryEncoding": made.CategoryEncoding(4, output_mode=mode),
        "Discretization": made.Discretization([0.5, 1.5, 2.5], output_mode=mode),
        "IntegerLookup": made.IntegerLookup(vocabulary=[0, 2, 3], output_mode=mode),
        "StringLookup": made.StringLookup(vocabulary=["0", "2", "3"], output_mode=mode),
        "Hashing": made.Hashing(4, output_mode=mode),
        "TextVectorization": made.TextVectorization(vocabulary=["0", "2"], output_mode=mode),
    }
    found = {}
    for shape in SHAPES:
        numbers = np.arange(np.prod(shape)).reshape(shape) * 7 % 11 % 4
        for name, layer in kinds.items():
            if name == "TextVectorization" and len(shape) > 1 and shape[-1] > 1:
                continue
            inputs = numbers.astype(str) if name[0] in "ST" else numbers
            inputs = inputs.astype("float32") if name[0] == "D" else inputs
            found[f"{name} {shape}"] = plain(layer(inputs))
    return found


MODES = ("one_hot", "multi_hot", "count")
FEATURES = {
    "f": [1.0, 2.5, -3.0, 0.5, 7.0, 2.0],
    "n": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    "d": [0.1, 0.9, 0.4, 0.5, 0.45, 0.2],
    "i": [3, 1, 3, 2, 9, 9],
    "s": ["red", "blue", "red", "", "green", "blue"],
    "h": ["aa", "bb", "cc", "dd", "ee", "ff"],
    "g": [11, 22, 33, 44, 55, 66],
}
KINDS = {
    "f": "float", "n": "float_normalized", "d": "float_discretized", "i": "integer_categorical",
    "s": "string_categorical", "h": "string_hashed", "g": "integer_hashed",
}  # fmt: skip
SPACES = ("concat", "concat crossed", "dict", "dict int")


def space(keras: Any, label: str) -> Any:
    """What a FeatureSpace makes of columns, and of one row."""
    kind = keras.utils.FeatureSpace
    features: dict[str, Any] = dict(KINDS)
    crosses: Any = None
    if "crossed" in label:
        crosses = [("s", "i"), kind.cross(("h", "g"), crossing_dim=7)]
    if "int" in label:
        features = {
            "f": kind.float_rescaled(scale=2.0, offset=1.0),
            "d": kind.float_discretized(num_bins=3, output_mode="int"),
            "i": kind.integer_categorical(max_tokens=3, output_mode="int"),
            "s": kind.string_categorical(num_oov_indices=2, output_mode="int"),
            "h": kind.string_hashed(num_bins=5, output_mode="int"),
        }
        crosses = [kind.cross(("s", "i"), crossing_dim=11, output_mode="int")]
    made = kind(
        features, output_mode=label.split()[0], crosses=crosses, crossing_dim=9, hashing_dim=6,
        num_discretization_bins=4,
    )  # fmt: skip
    columns = {key: FEATURES[key] for key in features}
    made.adapt(columns)
    row = {key: column[2] for key, column in columns.items()}
    row["s"], row["i"] = "unseen", 77
    return {"rows": plain(made(columns)), "row": plain(made(row))}


def everything(keras: Any) -> dict[str, Any]:
    """All cases."""
    found: dict[str, Any] = {label: lookup(keras, label) for label in LOOKUPS}
    found |= {label: hashing(keras, label) for label in HASHING}
    found |= {f"HashedCrossing {label}": crossing(keras, label) for label in CROSSINGS}
    found |= {label: vectorization(keras, label) for label in VECTORIZATIONS}
    found |= {f"vectors {mode}": vectors(keras, mode) for mode in MODES}
    found |= {f"FeatureSpace {label}": space(keras, label) for label in SPACES}
    return found
