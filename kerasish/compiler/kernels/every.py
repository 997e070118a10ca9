"""All bindings: importing this registers them; loading a library waits for use."""

from kerasish.compiler.kernels import copies as _copies
from kerasish.compiler.kernels import depthwise as _depthwise
from kerasish.compiler.kernels import pool as _pool
from kerasish.compiler.kernels import rows as _rows
from kerasish.compiler.kernels.cublas import windows as _cublas
from kerasish.compiler.kernels.cuda import scatter as _cuda
from kerasish.compiler.kernels.cudnn import conv as _cudnn
from kerasish.compiler.kernels.onednn import register as _onednn
from kerasish.compiler.kernels.rnn import register as _rnn

__all__: list[str] = []
_ = (_copies, _cublas, _cuda, _cudnn, _depthwise, _onednn, _pool, _rnn, _rows)
