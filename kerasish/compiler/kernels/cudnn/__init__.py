"""Convolutions by cuDNN, through ctypes."""
