"""Models: layers put together, trained, saved and looked into."""

from kerasish.models.model import Functional, Model
from kerasish.models.sequential import Sequential

__all__ = ["Functional", "Model", "Sequential"]
