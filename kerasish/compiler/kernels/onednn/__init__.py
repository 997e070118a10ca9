"""oneDNN on the CPU through ctypes: convolution, pooling, matmul, recurrent layers.

Importing the package loads no library; `library.load` does, at the first kernel bound.
"""
