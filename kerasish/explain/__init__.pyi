# Written by scripts/make_names.py.
from kerasish.explain.attended import Attended as Attended
from kerasish.explain.attended import AttentionMaps as AttentionMaps
from kerasish.explain.attention import attention_maps as attention_maps
from kerasish.explain.attention import attention_rollout as attention_rollout
from kerasish.explain.attribution import Attribution as Attribution
from kerasish.explain.cam import grad_cam as grad_cam
from kerasish.explain.cam import grad_cam_plus_plus as grad_cam_plus_plus
from kerasish.explain.coalitions import shapley as shapley
from kerasish.explain.counterfactuals import Change as Change
from kerasish.explain.counterfactuals import Counterfactual as Counterfactual
from kerasish.explain.counterfactuals import counterfactual as counterfactual
from kerasish.explain.gradients import gradient_x_input as gradient_x_input
from kerasish.explain.gradients import integrated_gradients as integrated_gradients
from kerasish.explain.gradients import saliency as saliency
from kerasish.explain.gradients import smoothgrad as smoothgrad
from kerasish.explain.importance import Importance as Importance
from kerasish.explain.importance import permutation_importance as permutation_importance
from kerasish.explain.maximise import Maximised as Maximised
from kerasish.explain.maximise import activation_maximisation as activation_maximisation
from kerasish.explain.occluded import occlusion as occlusion
from kerasish.explain.relevance import deeplift as deeplift
from kerasish.explain.relevance import lrp as lrp
from kerasish.explain.rules import Way as Way
from kerasish.explain.sanity import SanityCheck as SanityCheck
from kerasish.explain.sanity import sanity_check as sanity_check

__all__: list[str]
