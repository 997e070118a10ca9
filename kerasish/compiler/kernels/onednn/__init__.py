"""oneDNN on the CPU through ctypes: convolution, pooling, matmul.

Importing the package loads no library; `library.load` does, at the first kernel bound.
"""
