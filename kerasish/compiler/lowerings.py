"""The package's lowerings, entered on the ops once all of these are declared.

One that a user has put there before stays.
"""

from __future__ import annotations

from kerasish.compiler.codegen import cuda_ops, llvm_ops
from kerasish.graph.op import Lowering, get

for name, (rule, dtypes) in llvm_ops.RULES.items():
    get(name).lowerings.setdefault("llvm", Lowering(rule, dtypes, own=False))
for name, (text, dtypes) in cuda_ops.RULES.items():
    get(name).lowerings.setdefault("cuda", Lowering(cuda_ops.filled(text), dtypes, own=False))
