"""CUDA kernels of our own for what no library does in a fixed order: pooling and scatter."""
