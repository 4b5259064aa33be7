"""Simulated coverage of confidence intervals and tests: prints the tables of docs/statistics.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from .correlation import correlate, family_interval
from .significance import influence_values, mean_difference, scores_of_counts

SEEDS = (1, 2, 3, 5, 10)
NOISE: dict[str, tuple[float, float, float]] = {
    "seeds": (1, 0, 0),
    "common sentences": (0, 1, 0),
    "seed × sentence": (0, 0, 1),
    "all three": (1, 1, 1),
    "seeds and common sentences": (1, 1, 0),
    "mostly seeds": (3, 1, 1),
}
"""Shares of the variance of the mean: seeds, common sentences and their interaction."""
CEILING = ("common sentences", "seed × sentence", "all three")
"""Kinds of noise in word errors; noise of seeds alone would give no errors."""
LAYOUTS: dict[str, Sequence[int]] = {
    "6 families of 2 to 3": (3, 3, 3, 2, 2, 2),
    "10 families of 2": (2,) * 10,
    "18 families of 1": (1,) * 18,
    "12 of one family, 8 others": (12, *(1,) * 8),
}
"""Sizes of families of target languages; the last layout is that of the PUD treebanks."""
SHARES = (0.0, 0.5, 0.9)
"""Shares of the variance between languages that are due to families."""
BLOCK = 4_000_000
"""Number of sentence differences simulated at once."""


def gaussian(
    noise: tuple[float, float, float], seeds: int, sentences: int, trials: int, draws
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Differences of two equally good models with noise of known kinds.

    Args:
        noise: variance shares as in ``NOISE``.
        seeds, sentences: size of the experiment.
        trials: number of experiments.
        draws: NumPy generator.

    Returns:
        Per-seed differences (trials, seeds), influence values (trials, seeds, sentences), and the
        true values (trials,): zero, or for a single seed its difference on the population of
        sentences.
    """
    of_seeds, common, interaction = noise
    seed_effects = draws.normal(0, np.sqrt(of_seeds * seeds), (trials, seeds))
    values = np.zeros((trials, seeds, sentences))
    if common:
        values += draws.normal(0, np.sqrt(common / sentences), (trials, 1, sentences))
    if interaction:
        spread = np.sqrt(interaction * seeds / sentences)
        values += draws.normal(0, spread, (trials, seeds, sentences))
    differences = seed_effects + values.sum(axis=2)
    values -= values.mean(axis=2, keepdims=True)
    truth = seed_effects[:, 0] if seeds == 1 else np.zeros(trials)
    return differences, values, truth


def near_ceiling(
    kind: str, error_rate: float, seeds: int, sentences: int, trials: int, draws
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Differences of two equally good parsers with a low error rate.

    Sentences have 4 to 14 words. Errors are binomial, with logits that vary by sentence and arm
    (``common sentences``: the same errors with every seed), by seed (deviation 0.5), or not at all
    (``seed × sentence``).

    Args:
        kind: element of ``CEILING``.
        error_rate: approximate share of wrong words.
        seeds, sentences, trials, draws: arguments as for ``gaussian``.

    Returns:
        As ``gaussian``; with one seed, without noise of seeds.
    """
    words = draws.integers(4, 15, (trials, 1, sentences))
    counts = [words - _errors(kind, error_rate, words, seeds, draws) for _ in range(2)]
    totals = np.broadcast_to(words, (trials, seeds, sentences))
    scores, influences = (
        np.subtract(*(measure(right, totals) for right in counts))
        for measure in (scores_of_counts, influence_values)
    )
    return scores, influences, np.zeros(trials)


def _errors(kind: str, rate: float, words: np.ndarray, seeds: int, draws) -> np.ndarray:
    trials, _, sentences = words.shape
    shape = (trials, seeds, sentences)
    logit = np.full(shape, np.log(rate / (1 - rate)))
    if kind != "seed × sentence":
        logit += draws.normal(-0.5, 1, (trials, 1, sentences))
    if kind == "all three" and seeds > 1:
        logit += draws.normal(0, 0.5, (trials, seeds, 1))
    chance = 1 / (1 + np.exp(-logit))
    if kind == "common sentences":
        return np.broadcast_to(draws.binomial(words, chance[:, :1]), shape)
    return draws.binomial(words, chance)


def missed(simulate, seeds: int, sentences: int, trials: int) -> float:
    """Percentage of trials in which the 95 % confidence interval excludes the true value.

    Args:
        simulate: function of seeds, sentences, trials and draws, like ``gaussian``.
        seeds, sentences: size of the experiment.
        trials: number of experiments.
    """
    draws, misses, done = np.random.default_rng(1), 0, 0
    while done < trials:
        number = min(trials - done, max(1, BLOCK // (seeds * sentences)))
        differences, influences, truth = simulate(seeds, sentences, number, draws)
        found = mean_difference(differences, influences)
        # Without noise, sums differ from zero by rounding errors.
        misses += int((np.abs(found.mean - truth) > found.half_width + 1e-9).sum())
        done += number
    return 100 * misses / trials


def unrelated(
    sizes: Sequence[int], share: float, sources: int, draws
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Two independent quantities of target languages.

    Both vary between families, between languages of a family and, slightly, between sources. Source
    languages are the first of the first families, and have no value as their own target.

    Args:
        sizes: number of languages of each family.
        share: share of the variance between languages that is due to families.
        sources: number of source languages.
        draws: NumPy generator.

    Returns:
        Both quantities, shape (sources, languages), and the family of each language.
    """
    families = [f"f{number}" for number, size in enumerate(sizes) for _ in range(size)]
    place = np.repeat(np.arange(len(sizes)), sizes)
    quantities = []
    for _ in range(2):
        of_family = draws.normal(0, np.sqrt(share), len(sizes))[place]
        of_language = draws.normal(0, np.sqrt(1 - share), len(place))
        values = of_family + of_language + draws.normal(0, 0.3, (sources, len(place)))
        first = np.searchsorted(place, np.arange(sources))
        values[np.arange(sources), first] = np.nan
        quantities.append(values)
    return quantities[0], quantities[1], families


def excluded(
    sizes: Sequence[int], share: float, sources: int, trials: int, test: bool = False
) -> float:
    """Percentage of trials in which independent quantities count as correlated.

    Args:
        sizes, share, sources: arguments as for ``unrelated``.
        trials: number of experiments.
        test: whether to use the permutation test (p < 0.05) instead of the confidence interval.
    """
    draws, found = np.random.default_rng(1), 0
    for _ in range(trials):
        one, other, families = unrelated(sizes, share, sources, draws)
        if test:
            found += correlate(one, other).p_value < 0.05
        else:
            used = ~np.isnan(one).all(axis=0)
            names = [name for name, use in zip(families, used, strict=True) if use]
            low, high = family_interval(one[:, used], other[:, used], names)
            found += low > 0 or high < 0
    return 100 * found / trials


def difference_table(sentences: int, trials: int) -> Iterator[str]:
    """Markdown rows: kind of noise by number of seeds."""
    cases = {name: partial(gaussian, noise) for name, noise in NOISE.items()}
    yield from _missed_table(f"{sentences:,} test sentences", cases, sentences, trials)


def ceiling_table(error_rate: float, sentences: int, trials: int) -> Iterator[str]:
    """Markdown rows, as for ``difference_table``."""
    head = f"{100 * error_rate:g} % of words wrong, {sentences:,} sentences"
    cases = {kind: partial(near_ceiling, kind, error_rate) for kind in CEILING}
    yield from _missed_table(head, cases, sentences, trials)


def _missed_table(
    head: str, cases: Mapping[str, Callable], sentences: int, trials: int
) -> Iterator[str]:
    yield from _header([head, *(f"{n} seed{'s' if n > 1 else ''}" for n in SEEDS)])
    for name, simulate in cases.items():
        yield _row(name, [missed(simulate, seeds, sentences, trials) for seeds in SEEDS])


def correlation_table(trials: int) -> Iterator[str]:
    """Markdown rows: layout of families by share of variance, for interval and permutation test."""
    cases: Mapping[str, tuple[int, bool]] = {
        "interval, 1 source": (1, False),
        "interval, 3 sources": (3, False),
        "p < 0.05, 1 source": (1, True),
    }
    yield from _header(["languages", "between families", *cases])
    for name, sizes in LAYOUTS.items():
        for share in SHARES:
            values = [excluded(sizes, share, n, trials, test) for n, test in cases.values()]
            yield _row(f"{name} | {100 * share:.0f} %", values)


def _header(names: Sequence[str]) -> Iterator[str]:
    yield f"| {' | '.join(names)} |"
    yield "|---" * len(names) + "|"


def _row(name: str, values: Sequence[float]) -> str:
    return f"| {name} | {' | '.join(f'{value:.1f}' for value in values)} |"


def coverage(trials: int = 20_000, correlations: int = 3000) -> None:
    """Print the tables of ``docs/statistics.md``.

    Args:
        trials: number of simulated experiments of a cell.
        correlations: number of simulated correlations of a cell.
    """
    tables = [difference_table(sentences, trials) for sentences in (120, 1000)]
    tables += [ceiling_table(0.003, sentences, trials) for sentences in (120, 1000)]
    tables += [ceiling_table(0.05, 120, trials), correlation_table(correlations)]
    for table in tables:
        for line in table:
            print(line, flush=True)
        print()
