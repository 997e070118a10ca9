"""Checked sections to models, data and compiled training; and models back to YAML."""
