"""The version, read by the build and by `kerasish.__version__`."""

__version__ = "0.1.0"
