"""keras.visualization: boxes and masks drawn on images, and galleries of images."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
