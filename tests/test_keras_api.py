"""Keras 3.15's public names, what they take, and what their classes have; differences are rows.

`tests/golden/keras_api.json` is what installed Keras answered (scripts/make_api_golden.py).
"""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest

import kerasish as keras
from kerasish.errors import KerasishError
from tests.golden.api_differences import MEMBERS, PARAMETERS, TO_COME
from tests.golden_values import FOLDER

API: dict[str, Any] = json.loads((FOLDER / "keras_api.json").read_text(encoding="utf-8"))
NAMES: dict[str, list[str]] = API["names"]
Parameters = list[list[Any]]


def found(name: str) -> Any:
    """The object of a dotted name, None where there is none."""
    value: Any = keras
    for part in name.split("."):
        value = getattr(value, part, None)
    return value


def here(name: str) -> bool:
    """Whether Keras's name should exist already."""
    space, _, last = name.rpartition(".")
    later = TO_COME.get(f"keras.{space}" if space else "keras", "").split()
    return not {last, "*"} & set(later)


@pytest.mark.parametrize("space", NAMES)
def test_names(space: str) -> None:
    later = set(TO_COME.get(space, "").split())
    listed = set(NAMES[space])
    missing = {name for name in listed if found(f"{space}.{name}"[6:]) is None}
    assert missing == (listed if later == {"*"} else later), space


def test_what_is_to_come_is_of_keras() -> None:
    for space, names in TO_COME.items():
        assert set(names.split()) <= {*NAMES[space], "*"}, space


def plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return f"<{getattr(value, '__name__', type(value).__name__)}>"


def same(ours: Any, theirs: Any) -> bool:
    """Equal defaults, one int standing for a tuple of that int."""
    if isinstance(theirs, list) and isinstance(ours, int) and not isinstance(ours, bool):
        return all(item == ours for item in theirs)
    return plain(ours) == theirs and isinstance(ours, bool) == isinstance(theirs, bool)


def differences(ours: Any, theirs: Parameters, exact: bool = False) -> set[str]:
    """Parameters of Keras's that are missing, have another default or another place.

    `exact`: those that are ours alone too, as "+name".
    """
    wanted = [p for p in theirs if not p[0].startswith("*") and p[0] != "self"]
    given = inspect.signature(ours).parameters
    ignored = set(getattr(ours, "ignored", ())) | set(getattr(ours, "common", ()))
    wanted = [p for p in wanted if p[0] not in ignored]
    wrong = {p[0] for p in wanted if p[0] not in given}
    for name, *default in (p for p in wanted if p[0] in given):
        mine = given[name].default
        missing = mine is inspect.Parameter.empty
        if missing != (not default) or (default and not same(mine, default[0])):
            wrong.add(f"{name}=")
    if exact:
        wrong |= {f"+{name}" for name in given if name not in {p[0].lstrip("*") for p in theirs}}
    order = [name for name in given if name in {p[0] for p in wanted}]
    if order != [p[0] for p in wanted if p[0] in given]:
        wrong.add("order")
    return wrong


SIGNATURES = {n: p for n, p in API["signatures"].items() if p is not None and here(n)}


@pytest.mark.parametrize("name", SIGNATURES)
def test_parameters(name: str) -> None:
    value = found(name)
    theirs = SIGNATURES[name]
    if inspect.isclass(value) and issubclass(value, keras.Layer):
        theirs = [p for p in theirs if p[0] not in LAYER_OPTIONS]
    is_open = inspect.isclass(value) or theirs[-1:] == [["**kwargs"]]
    assert differences(value, theirs, not is_open) == set(
        PARAMETERS.get(name, "").partition(":")[0].split()
    )


# Every layer takes these, whether its own signature lists them or not.
LAYER_OPTIONS = {"weights", "name", "dtype", "trainable", "autocast", "activity_regularizer"}


def built(layer: Any, shape: tuple[int, ...]) -> Any:
    layer.build(shape)
    return layer


MADE: dict[str, Any] = {
    "DTypePolicy": lambda: keras.DTypePolicy("float32"),
    "Function": lambda: keras.Function(x := keras.Input((2,)), x * 2),
    "KerasTensor": lambda: keras.KerasTensor((None, 2)),
    "layers.Conv1D": lambda: built(keras.layers.Conv1D(2, 2), (1, 4, 2)),
    "layers.Conv2D": lambda: built(keras.layers.Conv2D(2, 2), (1, 4, 4, 2)),
    "layers.Conv3D": lambda: built(keras.layers.Conv3D(2, 2), (1, 4, 4, 4, 2)),
    "layers.Dense": lambda: built(keras.layers.Dense(2), (1, 2)),
    "layers.EinsumDense": lambda: built(keras.layers.EinsumDense("ab,bc->ac", 2), (1, 2)),
    "layers.Embedding": lambda: built(keras.layers.Embedding(2, 2), (1, 2)),
    "layers.InputLayer": lambda: keras.layers.InputLayer((2,)),
}


def has(cls: Any, name: str) -> bool:
    """Whether objects of a class have a member: the class, its fields, or one that was made."""
    if hasattr(cls, name) or name in getattr(cls, "fields", {}):
        return True
    return any(name in vars(c).get("__annotations__", {}) for c in cls.__mro__)


CLASSES = {n: m for n, m in API["members"].items() if here(n)}


@pytest.mark.parametrize("name", CLASSES)
def test_members(name: str) -> None:
    cls = found(name)
    made = MADE.get(name)
    example = made() if made else cls
    wrong: set[str] = set()
    for member, theirs in CLASSES[name].items():
        if not (has(cls, member) or hasattr(example, member)):
            wrong.add(member)
        elif theirs is not None:
            method = inspect.getattr_static(cls, member, None)
            method = getattr(method, "__func__", method)
            if not callable(method):
                wrong.add(f"{member}()")
                continue
            wrong |= {f"{member}({d})" for d in differences(method, theirs)}
    listed = " ".join(v.partition(":")[0] for k, v in MEMBERS if k == name or applies(k, cls))
    assert wrong == {w for w in wrong if w in listed.split()}, name
    own = " ".join(v.partition(":")[0] for k, v in MEMBERS if k == name).split()
    assert set(own) <= wrong, "these exist now"


def applies(key: str, cls: Any) -> bool:
    """Whether a row for "Base+" is for a class below it."""
    return key.endswith("+") and issubclass(cls, found(key[:-1]) or ())


def test_every_difference_has_a_reason() -> None:
    rows = [*PARAMETERS.items(), *MEMBERS]
    assert all(text.partition(": ")[2] for _, text in rows)
    assert {name for name in PARAMETERS if name not in SIGNATURES} == set()


def test_the_comparison_sees_differences() -> None:
    def ours(a: int, b: int = 2, c: tuple[int, int] = (1, 1)) -> None: ...

    assert differences(ours, [["a"], ["b", 2], ["c", [1, 1]], ["**rest"]]) == set()
    assert differences(ours, [["a"], ["b", 3]]) == {"b="}
    assert differences(ours, [["a"], ["b", 3]], exact=True) == {"b=", "+c"}
    assert differences(ours, [["a", None]]) == {"a="}
    assert differences(ours, [["b", 2], ["a"], ["d"]]) == {"order", "d"}
    assert not same(True, [1, 1])
    assert same(1, [1, 1])
    assert not same(1, True)


ELSEWHERE = (
    "layers.TFSMLayer layers.TorchModuleWrapper layers.FlaxLayer layers.JaxLayer "
    "callbacks.OrbaxCheckpoint export.ExportArchive config.enable_unsafe_deserialization"
).split()


@pytest.mark.parametrize("name", ELSEWHERE)
def test_names_without_a_meaning_here_say_what_to_use(name: str) -> None:
    with pytest.raises(KerasishError, match=r"\. (Use|Save|Keep|Write|Put) \S"):
        found(name)()
