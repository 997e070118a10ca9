"""Write what Captum and shap say of small networks to `tests/golden/explain.npz`.

    pip install torch captum shap && python scripts/make_explain_golden.py

The networks are drawn here, in PyTorch and in double precision; their weights are kept in the
layout of Keras beside the inputs, so that `tests/explain/test_golden.py` needs nothing but numpy.
Names are network/method, and network/weights/number.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shap
import torch
from captum import attr
from captum.attr._utils.lrp_rules import EpsilonRule, GammaRule
from torch import nn

OUT = Path(__file__).resolve().parents[1] / "tests" / "golden" / "explain.npz"
TARGETS = [2, 0, 1]


class ChannelsLast(nn.Module):
    """(rows, channels, height, width) to (rows, height, width, channels): the order of Flatten."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(0, 2, 3, 1)


def network(*layers: nn.Module, seed: int) -> nn.Sequential:
    """Layers in double precision with weights drawn from a normal distribution."""
    made = nn.Sequential(*layers).double().eval()
    draw = torch.Generator().manual_seed(seed)
    for parameter in made.parameters():
        parameter.data = 0.5 * torch.randn(parameter.shape, generator=draw).double()
    return made


def drawn(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Normal numbers that single precision holds."""
    return rng.normal(size=shape).astype(np.float32).astype(np.float64)


def table() -> nn.Sequential:
    """Five columns, three classes."""
    return network(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, 3), seed=1)


def image(bias: bool = True, smooth: bool = False) -> nn.Sequential:
    """Images 8 by 8 in three colours, three classes."""
    return network(
        nn.Conv2d(3, 4, 3, padding=1, bias=bias),
        nn.ReLU(),
        nn.AvgPool2d(2) if smooth else nn.MaxPool2d(2),
        nn.Conv2d(4, 5, 3, bias=bias),
        nn.ReLU(),
        ChannelsLast(),
        nn.Flatten(),
        nn.Linear(20, 3, bias=bias),
        seed=2,
    )


def weights(made: nn.Module) -> dict[str, np.ndarray]:
    """The weights in the order and layout of Keras."""
    axes = {4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}
    each = enumerate(made.parameters())
    return {f"weights/{i}": p.detach().numpy().transpose(axes[p.ndim]) for i, p in each}


def last(x: Any) -> np.ndarray:
    """Values with the channels last."""
    found = x.detach().numpy()
    return found.transpose(0, 2, 3, 1) if found.ndim == 4 else found


def of_gradients(made: nn.Sequential, x: torch.Tensor, base: torch.Tensor) -> dict[str, Any]:
    """What Captum's methods of gradients say."""
    integrated = attr.IntegratedGradients(made)
    found = {
        "saliency": attr.Saliency(made).attribute(x, TARGETS),
        "gradient_x_input": attr.InputXGradient(made).attribute(x, TARGETS),
        "integrated_gradients": integrated.attribute(x, base, TARGETS, n_steps=50),
    }
    return {name: last(values) for name, values in found.items()}


def relevance(make: Callable[[], nn.Sequential], x: torch.Tensor, rule: Any) -> np.ndarray:
    """What Captum's LRP says, the same rule in every layer with weights."""
    made = make()  # it leaves its rules behind
    for layer in made:
        layer.rule = rule() if isinstance(layer, (nn.Linear, nn.Conv2d)) else EpsilonRule()
    return last(attr.LRP(made).attribute(x, TARGETS))


def of_table() -> dict[str, Any]:
    """Everything about the network of a table."""
    made, rng = table(), np.random.default_rng(3)
    x, held = drawn(rng, 3, 5), drawn(rng, 6, 5)
    tensor, base = torch.tensor(x), torch.tensor(held[:1])
    found = of_gradients(made, tensor, base)
    found["occlusion"] = last(attr.Occlusion(made).attribute(tensor, (1,), None, base, TARGETS))
    found["deeplift"] = last(attr.DeepLift(made).attribute(tensor, base, TARGETS))
    found["lrp_epsilon"] = relevance(table, tensor, lambda: EpsilonRule(epsilon=0.1))

    def said(rows: np.ndarray) -> np.ndarray:
        return made(torch.tensor(rows)).detach().numpy()

    masker = shap.maskers.Independent(held, max_samples=len(held))
    exact = shap.explainers.Exact(said, masker)(x).values
    kernel = np.asarray(shap.KernelExplainer(said, held).shap_values(x, silent=True))
    each = np.arange(3)
    found["shap_exact"] = exact[each, :, TARGETS]
    found["shap_kernel"] = kernel[each, :, TARGETS]
    return {**found, "x": x, "background": held, **weights(made)}


def of_image() -> dict[str, Any]:
    """Everything about the network of images."""
    made, rng = image(), np.random.default_rng(4)
    x, base = (torch.tensor(drawn(rng, n, 3, 8, 8)) for n in (3, 1))
    found = of_gradients(made, x, base)
    sliding = attr.Occlusion(made)
    found["occlusion"] = last(sliding.attribute(x, (3, 3, 4), (3, 2, 3), 0.25, TARGETS))
    found["lrp_epsilon"] = relevance(image, x, lambda: EpsilonRule(epsilon=1e-6))
    maps = attr.LayerGradCam(made, made[4])
    found["grad_cam"] = last(maps.attribute(x, TARGETS, relu_attributions=True))[..., 0]
    return {**found, "x": last(x), "baseline": last(base), **weights(made)}


def of_smooth_image() -> dict[str, Any]:
    """DeepLIFT of images: without maxima, of which Captum's values do not add up."""
    made, rng = image(smooth=True), np.random.default_rng(5)
    x, base = (torch.tensor(drawn(rng, n, 3, 8, 8)) for n in (3, 1))
    found = {"deeplift": last(attr.DeepLift(made).attribute(x, base, TARGETS))}
    return {**found, "x": last(x), "baseline": last(base), **weights(made)}


def of_bare_image() -> dict[str, Any]:
    """LRP of images without biases."""
    x = torch.tensor(drawn(np.random.default_rng(6), 3, 3, 8, 8))

    def make() -> nn.Sequential:
        return image(bias=False)

    found = {
        "lrp_gamma": relevance(make, x, lambda: GammaRule(gamma=0.25)),
        "lrp_epsilon": relevance(make, x, lambda: EpsilonRule(epsilon=1e-6)),
    }
    return {**found, "x": last(x), **weights(make())}


def main() -> None:
    """Write the file."""
    networks = {
        "table": of_table(),
        "image": of_image(),
        "smooth": of_smooth_image(),
        "bare": of_bare_image(),
    }
    found = {f"{n}/{key}": np.asarray(v) for n, each in networks.items() for key, v in each.items()}
    single: dict[str, Any] = {key: v.astype(np.float32) for key, v in found.items()}
    np.savez_compressed(OUT, **single)


if __name__ == "__main__":
    main()
