"""How the keys of a file are declared: once, for the checker, the schema and the reference."""
