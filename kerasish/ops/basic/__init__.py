"""What everything else is made of: elementwise ops, indexing, reductions, products, sorting."""
