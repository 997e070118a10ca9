"""The compiler: passes, code generation, library kernels, memory, plans."""

from kerasish.compiler.function import Function, function
from kerasish.compiler.plan import Plan
from kerasish.compiler.provider import kernel, provider

__all__ = ["Function", "Plan", "function", "kernel", "provider"]
