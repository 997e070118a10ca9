"""Spatial: what layers over the axes between batch and channels share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from kerasish import config
from kerasish.arguments.fields import Deferred
from kerasish.layers.base.input_spec import InputSpec
from kerasish.layers.base.layer import Layer


class Spatial(Layer):
    """A layer over sequences, images or volumes: `rank` axes beside batch and channels."""

    rank: ClassVar[int]
    if TYPE_CHECKING:
        data_format = Deferred[Any]()
    else:
        data_format = "channels_last"  # a field of most

    def __post_init__(self) -> None:
        self.data_format = config.standardize_data_format(self.data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def spatial(self) -> tuple[int, ...]:
        """The axes between batch and channels."""
        first = 1 if self.data_format == "channels_last" else 2
        return tuple(range(first, first + self.rank))
