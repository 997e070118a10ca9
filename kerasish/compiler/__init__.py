"""The compiler: passes, code generation, library kernels, memory, plans."""

from kerasish.compiler import control as _control
from kerasish.compiler.functions import Function, function
from kerasish.compiler.kernels import every as _every
from kerasish.compiler.passes import graph_pass, remove_pass
from kerasish.compiler.plan import Plan
from kerasish.compiler.providers import kernel, provider

_ = _every, _control  # they register kernels

__all__ = ["Function", "Plan", "function", "graph_pass", "kernel", "provider", "remove_pass"]
