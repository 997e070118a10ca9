"""What is checked on the host before it reaches a compiled step, where it could not be reported."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.data.batch import Batch
from kerasish.errors import DataError
from kerasish.training.outputs import Outputs


class LabelCheck:
    """Integer labels of sparse cross-entropies lie between 0 and the number of classes."""

    def check(self, batch: Batch, model: Any) -> None:
        """Check the labels of a batch, or of a whole data set in the form of a batch.

        Raises:
            DataError: with the label, its place and the number of classes.
        """
        compiled = model._compile_loss
        if compiled is None or batch.y is None or not compiled.label_bounds:
            return
        outputs: Outputs = compiled.outputs
        targets = outputs.arrange(batch.y, "y", compiled.wanted)
        for output, classes, ignored in compiled.label_bounds:
            labels = targets[output]
            if labels is None or labels.dtype.kind not in "iub" or labels.size == 0:
                continue
            low, high = int(labels.min()), int(labels.max())
            if (low < 0 or high >= classes) and (low, high) != (ignored, ignored):
                _refuse(labels, classes, ignored, outputs.names[output])


def _refuse(labels: np.ndarray, classes: int, ignored: int | None, name: str) -> None:
    wrong = (labels < 0) | (labels >= classes)
    if ignored is not None:
        wrong &= labels != ignored
    if not wrong.any():
        return
    place = tuple(int(i) for i in np.argwhere(wrong)[0])
    raise DataError(
        f"y{f' of {name!r}' if name else ''}. Expected: integer labels from 0 to {classes - 1}, "
        f"since the model gives {classes} classes. Received: {int(labels[place])} at index "
        f"{place}, and {int(wrong.sum())} such labels in all. Give the last layer "
        f"{int(labels.max()) + 1} units, or number the classes from 0."
    )
