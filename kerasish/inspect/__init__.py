"""Looking at what the engine does: time, memory, values, and every stage of a graph."""

from kerasish.inspect.difference import Difference
from kerasish.inspect.memory import Memory, memory
from kerasish.inspect.profile import Profile, profile
from kerasish.inspect.stages import graphs, show, stage_names
from kerasish.inspect.tracing import Trace

__all__ = [
    "Difference",
    "Memory",
    "Profile",
    "Trace",
    "graphs",
    "memory",
    "profile",
    "show",
    "stage_names",
]
