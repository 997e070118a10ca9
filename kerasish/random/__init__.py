"""Random draws with Keras's names: pure draws, seeded by integers or by a SeedGenerator."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
