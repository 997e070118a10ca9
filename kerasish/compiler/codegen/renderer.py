"""Which code a backend's fused regions become: the one place where renderers are listed.

A renderer is a module: its name, the backend whose arrays it takes, what may stand in its regions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from kerasish.backend.base import Backend
from kerasish.compiler.codegen import blocks, cuda_jit, cuda_ops, llvm_jit, llvm_ops
from kerasish.compiler.providers import Array, active
from kerasish.graph.node import Graph, Node
from kerasish.graph.op import Lowering, get


class Region(Protocol):
    """A region and the arrays it runs on; `bind` gives the step once `compile_all` has seen it."""

    inputs: Sequence[Array]
    outputs: Sequence[Array]

    def bind(self) -> Callable[[], Any]: ...

    def source(self) -> str:
        """The code of the kernel, for people to read."""
        ...


class Renderer(Protocol):
    """What the passes and the plan ask.

    Attributes:
        NAME: the provider's name, as settings and printed plans show it.
        BACKEND: the backend whose arrays it takes.
    """

    NAME: str
    BACKEND: str

    def supported(self, node: Node) -> bool:
        """Whether an elementwise node, a reduction or a draw may stand in a region."""
        ...

    def alone(self, node: Node) -> bool:
        """Whether a supported op by itself is worth a kernel."""
        ...

    def inplace_pairs(self, body: Graph) -> list[tuple[int, int]]:
        """The (output, input) pairs that may share memory."""
        ...

    def Uncompiled(self, body: Graph, inputs: Sequence[Array], outputs: Sequence[Array]) -> Region:
        """A region bound to arrays, waiting for `compile_all`."""
        ...

    def compile_all(self, pending: Sequence[Any]) -> None:
        """Make the kernels of all regions of a plan."""
        ...


RENDERERS: list[Renderer] = [llvm_jit, blocks, cuda_jit]  # tried in this order

# The package's lowerings; one that a user has put on an op before stays.
for _name, (_rule, _dtypes) in llvm_ops.RULES.items():
    get(_name).lowerings.setdefault("llvm", Lowering(_rule, _dtypes, own=False))
for _name, (_text, _dtypes) in cuda_ops.RULES.items():
    get(_name).lowerings.setdefault("cuda", Lowering(cuda_ops.filled(_text), _dtypes, own=False))


def renderer(device: Backend) -> Renderer | None:
    """The first active renderer for a backend's arrays; None where nothing can be fused."""
    for found in RENDERERS:
        if found.BACKEND == device.name and active(found.NAME):
            return found
    return None
