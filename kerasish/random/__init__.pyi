# Written by scripts/make_names.py.
from kerasish.random.draws import beta as beta
from kerasish.random.draws import binomial as binomial
from kerasish.random.draws import categorical as categorical
from kerasish.random.draws import dropout as dropout
from kerasish.random.draws import gamma as gamma
from kerasish.random.draws import normal as normal
from kerasish.random.draws import randint as randint
from kerasish.random.draws import shuffle as shuffle
from kerasish.random.draws import truncated_normal as truncated_normal
from kerasish.random.draws import uniform as uniform
from kerasish.random.seed_generator import SeedGenerator as SeedGenerator
from kerasish.random.seed_generator import draw_key as draw_key
from kerasish.random.seed_generator import global_seed_generator as global_seed_generator
from kerasish.random.seed_generator import set_random_seed as set_random_seed

__all__: list[str]
