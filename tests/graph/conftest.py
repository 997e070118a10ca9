"""Tensors compute with the operators of the op library, which these tests use without naming it."""

import kerasish.ops as ops

__all__ = ["ops"]
