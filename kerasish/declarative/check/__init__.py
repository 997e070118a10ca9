"""Values held against what classes and functions take: names, arguments, types."""
