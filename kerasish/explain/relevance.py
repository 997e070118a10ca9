"""LRP and DeepLIFT: the score shared out to what made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerasish.explain.attribution import Attribution
from kerasish.explain.flow import carried
from kerasish.explain.running import Explained
from kerasish.explain.scene import Scene
from kerasish.explain.shares import alpha_beta_rule, by_layer, gamma_rule
from kerasish.graph.primitives import multiply
from kerasish.graph.tensor import Tensor, tensor_of
from kerasish.hints import hinted, one_of
from kerasish.models import Model
from kerasish.ops.basic.elementwise import subtract


@hinted
def lrp(
    model: Model,
    x: Any,
    target: Any = None,
    *,
    rule: str = "epsilon",
    rules: Mapping[str, str] | None = None,
    epsilon: float = 1e-6,
    gamma: float = 0.25,
    alpha: float = 2.0,
    beta: float = 1.0,
    **choice: Any,
) -> Attribution:
    """Layer-wise relevance propagation: the score shared out, layer by layer, to what made it.

    Bach et al., "On pixel-wise explanations" (2015). What multiplies two values that both come
    from the input shares by halves; gates, attention weights and what normalises count as
    constants (Arras et al., 2017; Ali et al., 2022). Without biases every layer's relevance adds
    up to the score; with them `residual` is what they keep.

    Args:
        rule: how weighted sums share: "epsilon" (by what each adds, sums moved away from zero by
            `epsilon`), "gamma" (positive weights count 1 + gamma times) or "alpha_beta" (what adds
            alpha times, what takes away beta times; alpha - beta = 1).
        rules: other rules by layer: {pattern of names or paths: rule}.
        epsilon, gamma, alpha, beta: of these rules.
        others: as `saliency`; `before_activation` is True by default.

    Raises:
        GradientError: an op has no rule for LRP.
    """
    explained = Explained(model, x, target, **{"before_activation": True} | choice)
    named = by_layer(rule, rules or {})
    shares = {
        "epsilon": None,
        "gamma": gamma_rule(gamma),
        "alpha_beta": alpha_beta_rule(alpha, beta),
    }
    for name in (rule, *(rules or {}).values()):
        one_of("rule", name, tuple(shares))

    def method(scene: Scene) -> Any:
        m, layers = carried(
            scene,
            "lrp",
            share=lambda node: shares[named(node)],
            epsilon=lambda node: 0.0 if named(node) == "alpha_beta" else epsilon,
        )
        parts = [multiply(t, tensor_of(n)) for t, n in zip(m, scene.every, strict=True)]
        return scene.by_input(parts), scene.score(), layers

    values, score, layers = explained.batches(explained.step(method))
    return explained.told("LRP", values, score, whole=score, layers=layers)


@hinted
def deeplift(
    model: Model, x: Any, target: Any = None, *, baseline: Any = None, **choice: Any
) -> Attribution:
    """What each element adds to the difference from a reference, by finite differences per op.

    Shrikumar et al., "Learning important features through propagating activation differences"
    (2017), the rescale rule. The values add up to score - score of the reference.

    Args:
        baseline: the reference: an array like x, a row of it, or a number; zeros by default, of
            looked-up tokens the zero vector.
        others: as `saliency`; `before_activation` is True by default.

    Raises:
        GradientError: an op has no rule for DeepLIFT.
    """
    explained = Explained(model, x, target, **{"before_activation": True} | choice)
    base = explained.like_x("baseline", baseline)

    def method(scene: Scene, *held: Tensor) -> Any:
        start = scene.references(held)
        m, _ = carried(scene, "deeplift", start)
        parts = [
            multiply(t, subtract(tensor_of(n), tensor_of(b)))
            for t, n, b in zip(m, scene.every, start, strict=True)
        ]
        away = scene.score(scene.at(dict(zip(scene.every, start, strict=True))))
        return scene.by_input(parts), scene.score(), subtract(scene.score(), away)

    values, score, whole_ = explained.batches(explained.step(method), *base)
    return explained.told("DeepLIFT", values, score, whole=whole_)
