# Written by scripts/make_names.py.
from kerasish.elsewhere import LegacyOptimizer
from kerasish.elsewhere import LegacyOptimizer
from kerasish.elsewhere import LegacyOptimizer
from kerasish.elsewhere import LegacyOptimizer
from kerasish.elsewhere import LegacyOptimizer
from kerasish.elsewhere import LegacyOptimizer

__all__: list[str]
Adagrad = LegacyOptimizer
Adam = LegacyOptimizer
Ftrl = LegacyOptimizer
Optimizer = LegacyOptimizer
RMSprop = LegacyOptimizer
SGD = LegacyOptimizer
