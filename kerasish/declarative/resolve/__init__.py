"""Base files, overrides and variables: from a file to one resolved document."""
