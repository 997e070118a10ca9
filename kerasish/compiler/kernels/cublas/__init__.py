"""Matrix products by cuBLAS, through ctypes: cupy's own binding refuses to be recorded."""
