"""Recurrent layers as compiled loops of our own: each thread takes its rows through all steps."""
