"""Training steps of a grid: models of one architecture that differ in seed or ablation.

Every way of training them does the same steps on the same batch, whose sentences are of one length:
forward and backward passes of an encoder and a parser's head in mixed precision, clipping, AdamW.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional
from xltransfer.encoders.transformer import load_encoder
from xltransfer.tasks.heads.biaffine import BiaffineHead
from xltransfer.training.devices import prepare_device
from xltransfer.training.flat import flatten
from xltransfer.training.loop import Precision

from .training import peak_of, wait_for

WARM_UP = 5
RELATIONS = 30
WAIT_SECONDS = 120


class Parser(nn.Module):
    """An encoder and a parser's head, whose losses need no look at the data on the processor.

    The library's own loss selects words by a mask, which a captured graph cannot.
    """

    def __init__(self, directory: str, seed: int, sizes: dict[str, int]) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.encoder = load_encoder(directory)
        width = self.encoder.config.hidden_size
        self.head = BiaffineHead(width, sizes["arc"], sizes["relation"], RELATIONS, 0.1)

    def forward(
        self, pieces: torch.Tensor, mask: torch.Tensor, heads: torch.Tensor, relations: torch.Tensor
    ) -> torch.Tensor:
        """The loss."""
        hidden = self.encoder(input_ids=pieces, attention_mask=mask).last_hidden_state
        states = hidden[:, 1:-1]
        every = torch.ones(states.shape[:2], dtype=torch.bool, device=states.device)
        arcs = self.head.arc_scores(states, every)
        scores = self.head.relation_scores(states, heads, every)
        return functional.cross_entropy(
            arcs.flatten(0, 1), heads.flatten()
        ) + functional.cross_entropy(scores, relations.flatten())


def _batch(arguments: dict[str, Any], device: torch.device) -> tuple[torch.Tensor, ...]:
    sentences, pieces = arguments["batch"]
    drawn = torch.Generator().manual_seed(1)
    ids = torch.randint(5, arguments["vocabulary"], (sentences, pieces), generator=drawn)
    words = pieces - 2
    heads = torch.randint(0, words + 1, (sentences, words), generator=drawn)
    relations = torch.randint(0, RELATIONS, (sentences, words), generator=drawn)
    return tuple(t.to(device) for t in (ids, torch.ones_like(ids), heads, relations))


def _meet(arguments: dict[str, Any]) -> None:
    """Wait until all processes that measure at once are ready."""
    if "meet" not in arguments:
        return
    folder, number, count = arguments["meet"]
    (Path(folder) / f"ready-{number}").touch()
    deadline = time.monotonic() + WAIT_SECONDS
    while len(list(Path(folder).glob("ready-*"))) < count and time.monotonic() < deadline:
        time.sleep(0.01)


def _timed(step: Callable[[], object], arguments: dict[str, Any], device: torch.device) -> float:
    """Seconds of all steps, after some to warm up."""
    for _ in range(WARM_UP):
        step()
    wait_for(device)
    _meet(arguments)
    started = time.perf_counter()
    for _ in range(arguments["steps"]):
        step()
    wait_for(device)
    return time.perf_counter() - started


def _result(
    seconds: float, models: int, arguments: dict[str, Any], device: torch.device
) -> dict[str, Any]:
    facts = {"device_bytes": peak_of(device)}
    return {"seconds": seconds, "work": models * arguments["steps"], "facts": facts}


def _optimiser(weights: list[torch.Tensor], capturable: bool = False) -> torch.optim.Optimizer:
    return torch.optim.AdamW(weights, lr=5e-5, betas=(0.9, 0.98), fused=True, capturable=capturable)


def _one_model(
    arguments: dict[str, Any], device: torch.device, capturable: bool
) -> Callable[[], None]:
    """A training step of one model, as the training loop does it."""
    model = Parser(arguments["encoder"], 1, arguments["sizes"]).to(device).train()
    weights = flatten(model.parameters())
    optimiser, precision = _optimiser([weights], capturable), Precision("auto", device)
    batch = _batch(arguments, device)

    def step() -> None:
        with precision:
            loss = model(*batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([weights], 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=False)

    return step


def single(arguments: dict[str, Any]) -> dict[str, Any]:
    """Time the steps of one model.

    Args:
        arguments: ``encoder``, ``vocabulary``, ``sizes`` of the head, ``batch`` (sentences and
            subwords of each), ``steps`` and ``threads``; ``meet`` (folder, number, count) if
            several processes measure at once.
    """
    device = prepare_device(arguments["threads"])
    step = _one_model(arguments, device, capturable=False)
    return _result(_timed(step, arguments, device), 1, arguments, device)


def graphed(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same with the whole step captured as one CUDA graph; arguments as of ``single``."""
    device = prepare_device(arguments["threads"])
    step = _one_model(arguments, device, capturable=True)
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return _result(_timed(graph.replay, arguments, device), 1, arguments, device)


def stacked(arguments: dict[str, Any]) -> dict[str, Any]:
    """Time the steps of ``models`` models trained as one batch of models (``torch.func.vmap``).

    Each has dropout of its own and is clipped by its own norm. Arguments as of ``single`` and
    ``models``.
    """
    device, count = prepare_device(arguments["threads"]), arguments["models"]
    models = [
        Parser(arguments["encoder"], seed, arguments["sizes"]).to(device).train()
        for seed in range(count)
    ]
    stacks, buffers = stack_module_state(models)
    skeleton = models[0].to("meta")
    del models
    parameters = {name: nn.Parameter(value.detach()) for name, value in stacks.items()}
    optimiser, precision = _optimiser(list(parameters.values())), Precision("auto", device)
    batch = _batch(arguments, device)

    def losses(weights: dict, state: dict) -> torch.Tensor:
        return functional_call(skeleton, (weights, state), batch)

    every = vmap(losses, in_dims=(0, 0), randomness="different")

    def step() -> None:
        with precision:
            loss = every(parameters, buffers).sum()
        loss.backward()
        _clip_each(parameters.values(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=False)

    return _result(_timed(step, arguments, device), count, arguments, device)


def _clip_each(stacks: Any, most: float) -> None:
    """Clip the gradients of each model of a stack by their norm."""
    gradients = [stack.grad for stack in stacks]
    squares = torch.stack([gradient.flatten(1).square().sum(dim=1) for gradient in gradients])
    factors = (most / (squares.sum(dim=0).sqrt() + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(factors.view(-1, *[1] * (gradient.dim() - 1)))
