"""The same workloads in plain PyTorch, images channels-last, as its users would write them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import torch
import torch.nn as nn
import torch.nn.functional as F
from workloads import MOBILE, RESNET

Tensor = torch.Tensor
Made = tuple[nn.Module, Tensor, Tensor, Callable[[Tensor, Tensor], Tensor]]
TORCH: dict[str, Callable[[], Made]] = {}


def workload(make: Callable[[], Made]) -> Callable[[], Made]:
    """Decorator: enter a workload under the function's name."""
    TORCH[make.__name__] = make
    return make


def ints(high: int, *shape: int) -> Tensor:
    """Integers in [0, high)."""
    return torch.randint(0, high, shape)


def images(model: nn.Module, x: Tensor) -> tuple[nn.Module, Tensor]:
    """Model and batch in the layout PyTorch recommends for convolutions on CPUs."""
    layout: Any = torch.channels_last
    return model.to(memory_format=layout), x.to(memory_format=layout)


def dense_stack(sizes: tuple[int, ...], inputs: int, classes: int) -> nn.Module:
    parts: list[nn.Module] = []
    for size in sizes:
        parts += [nn.Linear(inputs, size), nn.ReLU(), nn.Dropout(0.2)]
        inputs = size
    return nn.Sequential(*parts, nn.Linear(inputs, classes))


@workload
def tiny() -> Made:
    return nn.Linear(13, 1), torch.randn(32, 13), torch.randn(32, 1), F.mse_loss


@workload
def mlp() -> Made:
    model = dense_stack((512, 512), 784, 10)
    return model, torch.randn(128, 784), ints(10, 128), F.cross_entropy


@workload
def mlp_small() -> Made:
    model = dense_stack((512, 512), 784, 10)
    return model, torch.randn(8, 784), ints(10, 8), F.cross_entropy


@workload
def wide_mlp() -> Made:
    model = dense_stack((2048, 2048, 2048), 1024, 1000)
    return model, torch.randn(256, 1024), ints(1000, 256), F.cross_entropy


def convnet(batch: int) -> Made:
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10),
    )  # fmt: skip
    return *images(model, torch.randn(batch, 1, 28, 28)), ints(10, batch), F.cross_entropy


@workload
def cnn() -> Made:
    return convnet(128)


@workload
def cnn_small() -> Made:
    return convnet(4)


class Residual(nn.Module):
    def __init__(self, inputs: int, filters: int, stride: int) -> None:
        super().__init__()
        self.a = nn.Conv2d(inputs, filters, 3, stride, 1, bias=False)
        self.b = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.na, self.nb = nn.BatchNorm2d(filters), nn.BatchNorm2d(filters)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != filters:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = self.nb(self.b(F.relu(self.na(self.a(x)))))
        return F.relu(self.shortcut(x) + y)


@workload
def resnet() -> Made:
    parts: list[nn.Module] = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    inputs = 16
    for filters, stride in RESNET:
        parts.append(Residual(inputs, filters, stride))
        inputs = filters
    model = nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    return *images(model, torch.randn(64, 3, 32, 32)), ints(10, 64), F.cross_entropy


@workload
def mobile() -> Made:
    parts: list[nn.Module] = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    inputs = 16
    for filters, stride in MOBILE:
        parts += [nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False),
                  nn.BatchNorm2d(inputs), nn.ReLU(),
                  nn.Conv2d(inputs, filters, 1, bias=False),
                  nn.BatchNorm2d(filters), nn.ReLU()]  # fmt: skip
        inputs = filters
    model = nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, 10))
    return *images(model, torch.randn(32, 3, 64, 64)), ints(10, 32), F.cross_entropy


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        down, up = (3, 16, 32, 64, 128), (128, 64, 32, 16)
        self.down = nn.ModuleList(
            nn.Conv2d(i, o, 3, padding=1) for i, o in itertools.pairwise(down)
        )
        pairs = list(itertools.pairwise(up))
        self.up = nn.ModuleList(nn.ConvTranspose2d(i, o, 2, 2) for i, o in pairs)
        self.mix = nn.ModuleList(nn.Conv2d(2 * o, o, 3, padding=1) for _, o in pairs)
        self.out = nn.Conv2d(16, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        held = []
        for conv in list(self.down)[:3]:
            x = F.relu(conv(x))
            held.append(x)
            x = F.max_pool2d(x, 2)
        x = F.relu(self.down[3](x))
        for up, mix, skip in zip(self.up, self.mix, reversed(held), strict=True):
            x = F.relu(mix(torch.cat([up(x), skip], 1)))
        return self.out(x)


@workload
def unet() -> Made:
    model, x = images(UNet(), torch.randn(8, 3, 64, 64))
    return model, x, torch.randn(8, 1, 64, 64), F.mse_loss


class Wave(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv1d(8, 32, 1), nn.Conv1d(32, 1, 1)
        self.convs = nn.ModuleList(nn.Conv1d(32, 32, 3, dilation=2**k) for k in range(6))

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for k, conv in enumerate(self.convs):
            x = x + torch.tanh(conv(F.pad(x, (2 << k, 0))))
        return self.last(x)


@workload
def wave() -> Made:
    return Wave(), torch.randn(8, 8, 1024), torch.randn(8, 1, 1024), F.mse_loss


class BiLSTM(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(20000, 128)
        self.rnn = nn.LSTM(128, 64, num_layers=2, bidirectional=True, batch_first=True)
        self.dense = nn.Linear(128, 1)

    def forward(self, x: Tensor) -> Tensor:
        _, (h, _) = self.rnn(self.embed(x))
        return self.dense(torch.cat([h[-2], h[-1]], -1))


@workload
def lstm() -> Made:
    loss = F.binary_cross_entropy_with_logits
    return BiLSTM(), ints(20000, 32, 200), ints(2, 32, 1).float(), loss


class Gru(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(32, 128, num_layers=2, batch_first=True)
        self.dense = nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        _, h = self.rnn(x)
        return self.dense(h[-1])


@workload
def gru() -> Made:
    return Gru(), torch.randn(32, 100, 32), ints(10, 32), F.cross_entropy


class Decoder(nn.Module):
    def __init__(self, width: int, heads: int, vocabulary: int) -> None:
        super().__init__()
        self.heads, self.embed = heads, nn.Embedding(vocabulary, width)
        self.qkv = nn.ModuleList(nn.Linear(width, 3 * width) for _ in range(2))
        self.out = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.up = nn.ModuleList(nn.Linear(width, 4 * width) for _ in range(2))
        self.down = nn.ModuleList(nn.Linear(4 * width, width) for _ in range(2))
        self.norm = nn.ModuleList(nn.LayerNorm(width, 1e-6) for _ in range(4))
        self.logits = nn.Linear(width, vocabulary)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        b, n, d = x.shape
        for k in range(2):
            parts = self.qkv[k](x).view(b, n, 3, self.heads, d // self.heads)
            q, key, value = parts.permute(2, 0, 3, 1, 4)
            a = F.scaled_dot_product_attention(q, key, value, is_causal=True)
            x = self.norm[2 * k](x + self.out[k](a.transpose(1, 2).reshape(b, n, d)))
            x = self.norm[2 * k + 1](x + self.down[k](F.gelu(self.up[k](x))))
        return self.logits(x)


def token_loss(logits: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten())


@workload
def gpt() -> Made:
    return Decoder(256, 4, 5000), ints(5000, 16, 80), ints(5000, 16, 80), token_loss


@workload
def attention() -> Made:
    return Decoder(128, 4, 256), ints(256, 4, 512), ints(256, 4, 512), token_loss
