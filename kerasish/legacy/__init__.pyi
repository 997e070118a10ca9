# Written by scripts/make_names.py.
from kerasish.legacy import saving as saving

__all__: list[str]
