# Written by scripts/make_names.py.
from kerasish.preparation.columns import Columns as Columns
from kerasish.preparation.parts import Parts as Parts
from kerasish.preparation.parts import split as split
from kerasish.preparation.prepared import Part as Part
from kerasish.preparation.prepared import Prepared as Prepared
from kerasish.preparation.saved import save as save
from kerasish.preparation.served import Served as Served
from kerasish.preparation.served import load as load
from kerasish.preparation.served import network_of as network_of
from kerasish.preparation.sources import FORMATS as FORMATS
from kerasish.preparation.sources import read_table as read_table
from kerasish.preparation.table import Column as Column
from kerasish.preparation.table import Table as Table
from kerasish.preparation.table import column_of as column_of
from kerasish.preparation.way_back import Target as Target
from kerasish.preparation.windows import Window as Window

__all__: list[str]
