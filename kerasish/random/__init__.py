"""Random draws with Keras's names: pure draws, seeded by integers or by a SeedGenerator."""

from kerasish.names import namespace
from kerasish.random.draws import (
    beta,
    binomial,
    categorical,
    dropout,
    gamma,
    normal,
    randint,
    shuffle,
    truncated_normal,
    uniform,
)
from kerasish.random.seed_generator import (
    SeedGenerator,
    draw_key,
    global_seed_generator,
    set_random_seed,
)

__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "draw_key",
    "dropout",
    "gamma",
    "global_seed_generator",
    "normal",
    "randint",
    "set_random_seed",
    "shuffle",
    "truncated_normal",
    "uniform",
]
__getattr__, __dir__ = namespace(__name__, __all__)
