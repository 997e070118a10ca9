"""Renderers: from a fused region to something that runs."""
