"""The operator library: importing it registers every op."""
from kerasish.ops import elementwise, linear, reduction, shape  # noqa: F401
