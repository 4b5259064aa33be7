"""Some hundred mutated inputs for every reader; ``make fuzz`` runs tens of thousands."""

from __future__ import annotations

import pytest

from .cases import BAD, GOOD, OUTCOMES
from .pool import READERS, rng_of, run
from .readers.misbehaving import Misbehaving

CASES = 300
SLOW = {"configuration": 150, "encoder": 150, "adapters": 100}
"""Cases of readers that take some hundredths of a second each."""
SEED = 2
"""Not that of ``make fuzz``."""


@pytest.mark.parametrize("reader", READERS)
def test_every_input_is_read_or_refused(reader: str) -> None:
    results = list(run(SEED, reader, range(SLOW.get(reader, CASES))))
    bad = [result for result in results if result.outcome.kind in BAD]
    assert not bad, (
        f"python -m fuzz.many_cases --seed {SEED} --readers {reader} --only {bad[0].number}"
    )
    counts = {kind: sum(result.outcome.kind == kind for result in results) for kind in GOOD}
    # A generator or an oracle that knows one answer alone would find nothing.
    assert min(counts.values()) >= len(results) // 10, counts


def test_the_harness_notices_every_outcome(tmp_path) -> None:
    numbers = range(40)
    found = [result.outcome.kind for result in run(1, "misbehaving", numbers)]
    expected = [Misbehaving(tmp_path).make(rng_of(1, "misbehaving", n)) for n in numbers]
    assert set(expected) == set(OUTCOMES)
    assert found == expected
