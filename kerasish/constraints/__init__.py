"""Projections of weights after an update, under Keras's names."""

from kerasish.kinds import forms
from kerasish.names import namespace

get, serialize, deserialize = forms("constraint")
__getattr__, __dir__ = namespace(__name__, ("get", "serialize", "deserialize"))
