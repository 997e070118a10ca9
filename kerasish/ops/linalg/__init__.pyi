# Written by scripts/make_names.py.
from kerasish.ops.linalg.functions import cholesky as cholesky
from kerasish.ops.linalg.functions import cholesky_inverse as cholesky_inverse
from kerasish.ops.linalg.functions import det as det
from kerasish.ops.linalg.functions import eig as eig
from kerasish.ops.linalg.functions import eigh as eigh
from kerasish.ops.linalg.functions import inv as inv
from kerasish.ops.linalg.functions import jvp as jvp
from kerasish.ops.linalg.functions import logdet as logdet
from kerasish.ops.linalg.functions import lstsq as lstsq
from kerasish.ops.linalg.functions import lu_factor as lu_factor
from kerasish.ops.linalg.functions import matrix_rank as matrix_rank
from kerasish.ops.linalg.functions import norm as norm
from kerasish.ops.linalg.functions import pinv as pinv
from kerasish.ops.linalg.functions import qr as qr
from kerasish.ops.linalg.functions import slogdet as slogdet
from kerasish.ops.linalg.functions import solve as solve
from kerasish.ops.linalg.functions import solve_triangular as solve_triangular
from kerasish.ops.linalg.functions import svd as svd

__all__: list[str]
