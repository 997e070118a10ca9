"""Models, data and training described in YAML: a file that can name things but never run code."""

from kerasish.declarative.vocabulary import KINDS

__all__ = ["KINDS"]
