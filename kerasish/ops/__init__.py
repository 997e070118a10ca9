"""The operator library: importing it registers every op."""
from kerasish.ops import elementwise, indexing, linear, reduction, shape, subscript  # noqa: F401
