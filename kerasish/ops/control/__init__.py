"""Control flow: scan, cond, loops and maps, their bodies as graphs; rematerialization."""
