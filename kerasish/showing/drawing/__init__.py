"""Drawings of boxes, arrows and groups: as SVG of our own, and as DOT text."""
