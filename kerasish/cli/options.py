"""The arguments that several commands take, each declared once."""

from __future__ import annotations

from kerasish.cli.declare import argument, count
from kerasish.declarative.building.model import MAX_PARAMS
from kerasish.declarative.sections.validate import BACKENDS

_CHANGES = "changes, permissions and limits"

CONFIG = argument("config", metavar="CONFIG", complete="yaml", help="a .yaml file")
SOURCE = argument(
    "source",
    metavar="SOURCE",
    complete="run",
    help="a .yaml file, the folder of a run, or a .keras, .h5 or .json file",
)
RUN = argument("run", metavar="RUN", complete="run", help="the folder of a run")
BACKEND = argument("--backend", choices=BACKENDS, help="overrides the config's")
VERBOSE = argument(
    "--verbose", type=int, choices=(0, 1, 2), help="0 silent, 1 a bar, 2 a line an epoch"
)
JSON = argument("--json", action="store_true", help="print JSON")

SET = argument(
    "--set",
    heading=_CHANGES,
    dest="overrides",
    action="append",
    default=[],
    metavar="PATH=VALUE",
    help="change a value; PATH+=VALUE appends, ~PATH removes; may be repeated",
)
ALLOW_ENV = argument(
    "--allow-env", heading=_CHANGES, action="store_true", help="let $env.NAME be read"
)
ALLOW_NETWORK = argument(
    "--allow-network",
    heading=_CHANGES,
    action="store_true",
    help="let the file name what opens connections to other machines",
)
MAX_PARAMETERS = argument(
    "--max-params",
    heading=_CHANGES,
    type=count,
    default=MAX_PARAMS,
    metavar="N",
    help="refuse larger models",
)
ALLOWANCE = argument(
    "--allowance",
    heading=_CHANGES,
    type=float,
    metavar="TIMES",
    help="how many times the usual limits of memory and work a file may take",
)
ALLOW = argument(
    "--allow",
    heading=_CHANGES,
    dest="plugins",
    action="append",
    default=[],
    metavar="MODULE",
    help="import this module, of this folder or installed, which registers layers, losses, ...; "
    "may be repeated",
)

# What reading a saved run takes, and what reading a config does.
PERMISSIONS = (ALLOW, ALLOWANCE)
CHANGES = (SET, ALLOW_ENV, ALLOW_NETWORK, MAX_PARAMETERS, *PERMISSIONS)
