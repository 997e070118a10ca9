"""keras.preprocessing.image: pictures in files and arrays, which are in data/images.py."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
