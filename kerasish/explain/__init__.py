"""Why a model predicts what it does: what each element of an input counts for an output."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
