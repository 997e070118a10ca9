"""keras.wrappers: models as estimators of scikit-learn."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
