"""Layers on images: their sizes, and what is changed at random while training."""
