"""The JSON Schema of a config file, made of what is declared: keys, signatures, rules."""
