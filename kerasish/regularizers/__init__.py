"""Penalties on weights and outputs, under Keras's names."""

from kerasish.kinds import forms
from kerasish.names import namespace

get, serialize, deserialize = forms("regularizer")
__getattr__, __dir__ = namespace(__name__, ("get", "serialize", "deserialize"))
