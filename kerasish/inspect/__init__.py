"""Looking at what the engine does: time, memory, and every stage of a graph."""

from kerasish.inspect.memory import Memory, memory
from kerasish.inspect.profile import Profile, profile
from kerasish.inspect.stages import graphs, show, stage_names

__all__ = ["Memory", "Profile", "graphs", "memory", "profile", "show", "stage_names"]
