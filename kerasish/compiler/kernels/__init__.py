"""Kernels of libraries, and of our own for single ops; `every` registers them."""
