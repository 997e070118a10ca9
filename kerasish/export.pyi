# Written by scripts/make_names.py.
from kerasish.elsewhere import ExportArchive as ExportArchive

__all__: list[str]
