"""YAML text to values that know where they were written, and back; findings about them."""
