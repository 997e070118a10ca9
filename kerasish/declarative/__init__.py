"""Models, data and training described in YAML: a file that can name things but never run code."""

from kerasish.declarative.api import Options, Project, from_yaml, load_config
from kerasish.declarative.building.load import cut
from kerasish.declarative.building.writer import to_yaml
from kerasish.declarative.schemas.file import schema

__all__ = ["Options", "Project", "cut", "from_yaml", "load_config", "schema", "to_yaml"]
