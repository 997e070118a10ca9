"""Bindings to kernel libraries; importing this registers them, loading a library waits for use."""

from kerasish.compiler.kernels import rows as _rows
from kerasish.compiler.kernels.onednn import register as _onednn
from kerasish.compiler.kernels.rnn import register as _rnn

__all__: list[str] = []
_ = (_onednn, _rnn, _rows)
