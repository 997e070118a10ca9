"""Metrics: state in variables, updated batch by batch, read as a result."""

from kerasish.kinds import forms
from kerasish.names import namespace

get, serialize, deserialize = forms("metric")
__getattr__, __dir__ = namespace(__name__, ("get", "serialize", "deserialize"))
