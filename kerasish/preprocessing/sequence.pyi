# Written by scripts/make_names.py.
from kerasish.data.sequence import pad_sequences as pad_sequences

__all__: list[str]
