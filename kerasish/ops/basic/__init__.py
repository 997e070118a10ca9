"""Primitives that everything else is made of: elementwise, indexing, reductions, products, order."""
