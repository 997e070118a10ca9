"""Primitives that everything else is made of: elementwise, layout, reductions, products, order."""
