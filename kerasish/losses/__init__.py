"""Losses: functions of (y_true, y_pred), one loss per sample, and classes that reduce them."""

from kerasish.kinds import forms
from kerasish.names import namespace

get, serialize, deserialize = forms("loss", config="name")
__getattr__, __dir__ = namespace(__name__, ("get", "serialize", "deserialize"))
