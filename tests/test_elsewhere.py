"""Names that need another framework say what to use."""

from __future__ import annotations

import inspect

import pytest

import kerasish as keras
from kerasish import elsewhere
from kerasish.errors import UnavailableError

CLASSES = [
    value
    for value in vars(elsewhere).values()
    if inspect.isclass(value) and value.__module__ == elsewhere.__name__
]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_classes(cls):
    with pytest.raises(
        UnavailableError, match=rf"{cls.__name__}. Expected: .*(Use|Save|Write|Keep)"
    ):
        cls("anything", at="all")
    assert "keras." in cls.__doc__ or "model.save" in cls.__doc__
    assert not isinstance(3, cls)


def test_they_stand_where_keras_has_them():
    spaces = (keras.layers, keras.callbacks, keras.export, keras.optimizers.legacy)
    listed = {name for space in spaces for name in dir(space)}
    assert {cls.__name__ for cls in CLASSES} - listed == {"LegacyOptimizer"}
    with pytest.raises(ImportError, match=r"same name of `keras.optimizers`"):
        keras.optimizers.legacy.Adam(0.1)
    assert list(inspect.signature(keras.layers.JaxLayer).parameters)[:2] == ["call_fn", "init_fn"]


def test_files_run_no_code():
    with pytest.raises(UnavailableError, match="register_keras_serializable"):
        keras.config.enable_unsafe_deserialization()
    assert not keras.config.is_nnx_enabled()
