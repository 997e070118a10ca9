"""DTypePolicy: the dtype a layer computes in and the dtype it keeps its weights in."""

from __future__ import annotations

from typing import Any, Self

from kerasish import budget, tree
from kerasish.config import floatx
from kerasish.errors import ArgumentError
from kerasish.serialization import deserialize_keras_object
from kerasish.spec import dtype_name, input_dtype


class DTypePolicy:
    """Compute dtype and variable dtype of a layer.

    Args:
        name: a dtype for both, or "mixed_float16" or "mixed_bfloat16": compute in 16 bits, keep
            weights in float32 (Micikevicius et al., Mixed Precision Training, 2018).
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = dtype_policy().name if name is None else name
        self.quantization_mode = None
        if self.name in ("mixed_float16", "mixed_bfloat16"):
            self.compute_dtype, self.variable_dtype = self.name.removeprefix("mixed_"), "float32"
        else:
            self.name = self.compute_dtype = self.variable_dtype = input_dtype(self.name)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self.name}

    @classmethod
    @budget.reads_config()
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The policy of a `get_config`."""
        return cls(**config)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)


_default: list[DTypePolicy] = []


def dtype_policy() -> DTypePolicy:
    """The policy of layers that are given no dtype."""
    return _default[0] if _default else DTypePolicy(floatx())


def set_dtype_policy(policy: str | DTypePolicy | None) -> None:
    """Set the policy of layers made from now on; None goes back to floatx."""
    _default[:] = [] if policy is None else [as_policy(policy)]


def as_policy(identifier: Any) -> DTypePolicy:
    """The policy that a `dtype` argument stands for: None, a name, a dtype, a config, a policy."""
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if tree.is_nested(identifier):
        made = deserialize_keras_object(identifier, kind="policy")
        if not isinstance(made, DTypePolicy):
            raise ArgumentError("dtype", expected="a dtype policy", received=identifier)
        return made
    return DTypePolicy(identifier if isinstance(identifier, str) else dtype_name(identifier))


def named(config: Any) -> Any:
    """The name of the policy of a config, which constructors of users read; else the policy."""
    policy = as_policy(config)
    return policy.name if type(policy) is DTypePolicy else policy
