"""Configs to start from: written from a file of data, or from what people often train."""
