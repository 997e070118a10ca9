"""Models: layers put together, trained, saved and looked into."""

from __future__ import annotations

from kerasish.models.model import Functional, Model
from kerasish.models.sequential import Sequential
from kerasish.saving import clone_model, load_model, model_from_json, save_model

__all__ = [
    "Functional",
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_json",
    "save_model",
]


def __dir__() -> list[str]:
    return sorted(__all__)
