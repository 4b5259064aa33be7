"""Mutated inputs for every reader of outside data, judged by oracles that are independent of it.

``python -m fuzz.many_cases --help``, or ``make fuzz``. A case is decided by the seed, the reader
and its number alone, so that every failure can be repeated by itself.
"""
