"""Files: Keras's formats, kerasish's own checkpoints, and safe reading of both.

Names are resolved when they are first used: what only writes a file whole (`saving.files.atomic`)
does not load the layers.
"""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
