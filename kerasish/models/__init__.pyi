# Written by scripts/make_names.py.
from kerasish.models.clone import clone_model as clone_model
from kerasish.models.model import Functional as Functional
from kerasish.models.model import Model as Model
from kerasish.models.sequential import Sequential as Sequential
from kerasish.saving.whole_model import load_model as load_model
from kerasish.saving.whole_model import model_from_json as model_from_json
from kerasish.saving.whole_model import save_model as save_model

__all__: list[str]
