"""Some of the workloads in plain JAX: parameters in dicts, one jitted step, Adam by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from workloads import RESNET

Params = Any
Made = tuple[Params, np.ndarray, np.ndarray, Callable[..., Any]]
RNG = np.random.default_rng(0)
JAX: dict[str, Callable[[], Made]] = {}


def workload(make: Callable[[], Made]) -> Callable[[], Made]:
    """Decorator: enter a workload under the function's name."""
    JAX[make.__name__] = make
    return make


def weight(*shape: int) -> np.ndarray:
    fan = np.prod(shape[:-1])
    return (RNG.normal(size=shape) / np.sqrt(fan)).astype("float32")


def dense(inputs: int, outputs: int) -> Params:
    return {"w": weight(inputs, outputs), "b": np.zeros(outputs, "float32")}


def entropy(logits: Any, labels: Any) -> Any:
    rows = jax.nn.log_softmax(logits.astype(jnp.float32))
    return -jnp.mean(jnp.take_along_axis(rows, labels[..., None], axis=-1))


def drop(key: Any, x: Any, rate: float) -> Any:
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0)


@workload
def mlp() -> Made:
    sizes = (784, 512, 512, 10)
    params = [dense(a, b) for a, b in itertools.pairwise(sizes)]

    def loss(p: Params, x: Any, y: Any, key: Any) -> Any:
        for layer in p[:-1]:
            key, own = jax.random.split(key)
            x = drop(own, jax.nn.relu(x @ layer["w"] + layer["b"]), 0.2)
        return entropy(x @ p[-1]["w"] + p[-1]["b"], y)

    x = RNG.normal(size=(128, 784)).astype("float32")
    return params, x, RNG.integers(0, 10, 128).astype("int32"), loss


def conv(x: Any, w: Any, stride: int = 1, padding: str = "SAME") -> Any:
    return lax.conv_general_dilated(
        x, w, (stride, stride), padding, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def pool(x: Any) -> Any:
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


@workload
def cnn() -> Made:
    params = {
        "a": weight(3, 3, 1, 32), "ab": np.zeros(32, "float32"),
        "c": weight(3, 3, 32, 64), "cb": np.zeros(64, "float32"), "d": dense(1600, 10),
    }  # fmt: skip

    def loss(p: Params, x: Any, y: Any, key: Any) -> Any:
        x = pool(jax.nn.relu(conv(x, p["a"], padding="VALID") + p["ab"]))
        x = pool(jax.nn.relu(conv(x, p["c"], padding="VALID") + p["cb"]))
        x = drop(key, x.reshape(x.shape[0], -1), 0.5)
        return entropy(x @ p["d"]["w"] + p["d"]["b"], y)

    x = RNG.normal(size=(128, 28, 28, 1)).astype("float32")
    return params, x, RNG.integers(0, 10, 128).astype("int32"), loss


def unit(inputs: int, outputs: int, size: int) -> Params:
    ones = np.ones(outputs, "float32")
    return {"w": weight(size, size, inputs, outputs), "g": ones, "b": 0 * ones}


def normed(p: Params, x: Any, stride: int) -> Any:
    """A convolution and its batch normalization; the moving moments are left out."""
    x = conv(x, p["w"], stride)
    mean, var = jnp.mean(x, (0, 1, 2)), jnp.var(x, (0, 1, 2))
    return (x - mean) * lax.rsqrt(var + 1e-3) * p["g"] + p["b"]


@workload
def resnet() -> Made:
    params: Any = {"first": unit(3, 16, 3), "blocks": [], "last": dense(64, 10)}
    inputs = 16
    for filters, stride in RESNET:
        block = {"a": unit(inputs, filters, 3), "c": unit(filters, filters, 3)}
        if stride != 1 or inputs != filters:
            block["s"] = unit(inputs, filters, 1)
        params["blocks"].append(block)
        inputs = filters

    def loss(p: Params, x: Any, y: Any, key: Any) -> Any:
        x = jax.nn.relu(normed(p["first"], x, 1))
        for block, (_, stride) in zip(p["blocks"], RESNET, strict=True):
            z = normed(block["c"], jax.nn.relu(normed(block["a"], x, stride)), 1)
            x = jax.nn.relu(z + (normed(block["s"], x, stride) if "s" in block else x))
        return entropy(jnp.mean(x, (1, 2)) @ p["last"]["w"] + p["last"]["b"], y)

    x = RNG.normal(size=(64, 32, 32, 3)).astype("float32")
    return params, x, RNG.integers(0, 10, 64).astype("int32"), loss


def layer_norm(p: Params, x: Any) -> Any:
    mean, var = jnp.mean(x, -1, keepdims=True), jnp.var(x, -1, keepdims=True)
    return (x - mean) * lax.rsqrt(var + 1e-6) * p["g"] + p["b"]


@workload
def gpt() -> Made:
    width, heads, vocabulary, length = 256, 4, 5000, 80
    ones = np.ones(width, "float32")
    params: Any = {
        "embed": weight(vocabulary, width), "last": dense(width, vocabulary),
        "blocks": [
            {
                "qkv": dense(width, 3 * width), "out": dense(width, width),
                "up": dense(width, 4 * width), "down": dense(4 * width, width),
                "n1": {"g": ones, "b": 0 * ones}, "n2": {"g": ones, "b": 0 * ones},
            }
            for _ in range(2)
        ],
    }  # fmt: skip
    mask = np.tril(np.ones((length, length), bool))

    def loss(p: Params, x: Any, y: Any, key: Any) -> Any:
        x = p["embed"][x]
        b, n, d = x.shape
        for block in p["blocks"]:
            parts = (x @ block["qkv"]["w"] + block["qkv"]["b"]).reshape(b, n, 3, heads, -1)
            q, k, v = jnp.moveaxis(parts, 2, 0)
            scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) / np.float32(np.sqrt(d // heads))
            scores = jax.nn.softmax(jnp.where(mask, scores, -1e9))
            a = jnp.einsum("bhqk,bkhd->bqhd", scores, v).reshape(b, n, d)
            x = layer_norm(block["n1"], x + a @ block["out"]["w"] + block["out"]["b"])
            h = jax.nn.gelu(x @ block["up"]["w"] + block["up"]["b"], approximate=False)
            x = layer_norm(block["n2"], x + h @ block["down"]["w"] + block["down"]["b"])
        return entropy(x @ p["last"]["w"] + p["last"]["b"], y)

    tokens = RNG.integers(0, vocabulary, (2, 16, length)).astype("int32")
    return params, tokens[0], tokens[1], loss


def step_of(loss: Callable[..., Any]) -> Callable[..., Any]:
    """One step of Adam, jitted; the state is donated."""

    def step(state: Any, x: Any, y: Any) -> Any:
        params, m, v, t = state
        key = jax.random.fold_in(jax.random.key(0), t)
        value, grads = jax.value_and_grad(loss)(params, x, y, key)
        t = t + 1
        rate = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        tree = jax.tree.map
        m = tree(lambda m, g: 0.9 * m + 0.1 * g, m, grads)
        v = tree(lambda v, g: 0.999 * v + 0.001 * g * g, v, grads)
        params = tree(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-7), params, m, v)
        return (params, m, v, t), value

    return jax.jit(step, donate_argnums=0)
