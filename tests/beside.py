"""Installed Keras on jax, beside which tests marked `conformance` compare; None where it is not."""

from __future__ import annotations

import os
from contextlib import suppress
from importlib import import_module
from typing import Any

# Thousands of small programs: compiling them takes longer than running them.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
os.environ.setdefault("KERAS_BACKEND", "jax")

jax: Any = None
keras: Any = None
with suppress(ImportError):
    jax, keras = import_module("jax"), import_module("keras")
