"""Recurrent layers: cells of one step, and the layers that run them over sequences."""
