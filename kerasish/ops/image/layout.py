"""What the image functions share: the layout (batch, height, width, channels), and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish.config import standardize_data_format
from kerasish.errors import ShapeError
from kerasish.graph import primitives as _s
from kerasish.graph.tensor import convert_to_tensor
from kerasish.ops.nn.conv_functions import from_channels_last, to_channels_last

Restore = Callable[[Any], Any]


def batch_of(
    what: str, images: Any, data_format: str | None, spatial: int = 2
) -> tuple[Any, Restore]:
    """(images as a channels-last batch, the function that undoes it on a result).

    Args:
        what: name of the caller, for errors.
        images: one image or a batch.
        data_format: their layout; the configured one for None.
        spatial: number of spatial axes.

    Raises:
        ShapeError: neither an image nor a batch.
    """
    layout = standardize_data_format(data_format)
    x = convert_to_tensor(images)
    if x.ndim not in (spatial + 1, spatial + 2):
        raise ShapeError(
            what,
            expected=f"{spatial + 1} axes (one image) or {spatial + 2} (a batch)",
            received=f"shape {x.shape}",
        )
    single = x.ndim == spatial + 1

    def restore(y: Any) -> Any:
        y = from_channels_last(y, layout)
        return _s.reshape(y, shape=y.shape[1:]) if single else y

    batch = _s.expand_dims(x, axis=0) if single else x
    return to_channels_last(batch, layout), restore
