"""Layers: tensors in, tensors out, with weights in between."""

from kerasish.kinds import forms
from kerasish.names import namespace

_, serialize, deserialize = forms("layer")
__getattr__, __dir__ = namespace(__name__, ("serialize", "deserialize"))
