"""Models: layers put together, trained, saved and looked into."""

from __future__ import annotations

from kerasish.models.clone import clone_model
from kerasish.models.model import Functional, Model
from kerasish.models.sequential import Sequential
from kerasish.names import namespace
from kerasish.saving import load_model, model_from_json, save_model

__all__ = [
    "Functional",
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_json",
    "save_model",
]
__getattr__, __dir__ = namespace(__name__, __all__)
