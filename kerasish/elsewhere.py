"""Names of Keras that have a meaning with another framework only: used here, they say what to do
instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish.errors import UnavailableError
from kerasish.signatures import signature


def _absent(name: str, takes: Callable[..., Any], needs: str, instead: str) -> type:
    """A class of this name and signature that is never made.

    Args:
        name: its name.
        takes: a function with its parameters.
        needs: what it has no meaning without.
        instead: whole sentences.
    """

    def refuse(cls: type, *args: Any, **kwargs: Any) -> Any:
        raise UnavailableError(name, expected=needs, fix=instead)

    text = f"Not available: {name} needs {needs}. {instead}"
    body = {"__new__": refuse, "__doc__": text, "__module__": __name__}
    return type(name, (), {**body, "__signature__": signature(takes)})


_FORMULA = "Write what it computes with `keras.ops`, in the `call` of a `keras.layers.Layer`"

TFSMLayer = _absent(
    "TFSMLayer",
    lambda filepath, call_endpoint="serve", call_training_endpoint=None, trainable=True, name=None,
    dtype=None: None,
    "TensorFlow, whose SavedModels it runs",
    "Save the model as .keras, and load it with `keras.models.load_model`.",
)  # fmt: skip
TorchModuleWrapper = _absent(
    "TorchModuleWrapper",
    lambda module, name=None, output_shape=None, **kwargs: None,
    "PyTorch, whose modules it runs",
    f"{_FORMULA}, and take the weights over as numpy arrays with `set_weights`.",
)
FlaxLayer = _absent(
    "FlaxLayer",
    lambda module, method=None, variables=None, **kwargs: None,
    "JAX and Flax, whose modules it runs",
    f"{_FORMULA}, and take the weights over as numpy arrays with `set_weights`.",
)
JaxLayer = _absent(
    "JaxLayer",
    lambda call_fn, init_fn=None, params=None, state=None, seed=None,
    native_serialization_platforms=None, **kwargs: None,
    "JAX, whose functions it runs",
    f"{_FORMULA} or in a `keras.layers.Lambda`.",
)  # fmt: skip
OrbaxCheckpoint = _absent(
    "OrbaxCheckpoint",
    lambda directory, monitor="val_loss", verbose=0, save_best_only=False, mode="auto",
    save_freq="epoch", initial_value_threshold=None, max_to_keep=1, save_on_background=True,
    save_weights_only=False: None,
    "Orbax, whose checkpoints it writes",
    "Use `keras.callbacks.BackupAndRestore` to go on after an interruption, and "
    "`keras.callbacks.ModelCheckpoint` to keep models or weights.",
)  # fmt: skip
ExportArchive = _absent(
    "ExportArchive",
    lambda format="saved_model", **kwargs: None,
    "TensorFlow, whose SavedModels it writes",
    "Keep the model with `model.save('model.keras')`.",
)
LegacyOptimizer = _absent(
    "LegacyOptimizer",
    lambda *args, **kwargs: None,
    "TensorFlow's Keras 2",
    "Use the optimizer of the same name of `keras.optimizers`.",
)
