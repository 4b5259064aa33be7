"""Mutations of bytes, lines, fields and JSON, most of them small, some of them monstrous."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

NUMBERS = [
    "0", "1", "2", "3", "01", "00", "+1", "-1", "-0", " 1", "1 ", "1.0", "1e0", "1_0", "0x1",
    "\u0661", "\u0967", "\uff11", "\u00b2", "\u2460", "\U0001d7cf", "1\u0662", "1-2", "2-1", "1.1",
    "2147483648", "9" * 20, "9" * 400, "1" * 5000, "NaN", "inf", "_",
]  # fmt: skip
"""What may be taken for a number: signs, leading zeros, digits of other scripts, giants."""
TEXTS = [
    "", " ", "\u00a0", "\u3000", "_", "-", "#", "# x = y", "-DOCSTART-", "en:", ":", "|", "=", ".",
    "..", "../x", "/", "\\", '"', '""', '"x', "'", "%s", "{}", "$(x)", "x" * 300, "é", "e\u0301",
    "\u200d", "\u202e", "\u2066x", "\ufeff", "\u2028", "\u2029", "\x85", "\x00", "\x07",
    "\x1b[31m", "\x0b", "\x0c", "\x1c", "\x7f", "\r", "\ud7ff", "\ue000", "\U0010ffff", "𝕏",
    "नमस्ते", "שלום", "None", "null", "true",
]  # fmt: skip
"""Cells that readers trip over: blanks, separators, control characters, other scripts."""
LONG = ["x" * 140_000, "\u0661" * 70_000, "9" * 140_000]
"""Longer than the limit on fields of Python's csv module."""
JSON_VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2, 3, 1.0, 0.5, -0.5, 1e308, 2**31, 2**63, 2**64, 10**30,
    float("nan"), float("inf"), "", "x", "1", " ", "\n", "a\nb", "\u2028", "\x00", "\x1b[31m",
    "x" * 5000, "\u0661", [], {}, [None], [[]], {"": None}, {"x": {}}, [1, 2, 3], ["x", "x"],
]  # fmt: skip


def strange_cell(rng: random.Random) -> str:
    """A cell from the lists above; over-long ones are rare, for they cost time."""
    kind = rng.random()
    if kind < 0.45:
        return rng.choice(NUMBERS)
    return rng.choice(TEXTS) if kind < 0.98 else rng.choice(LONG)


def mutated_bytes(rng: random.Random, data: bytes) -> bytes:
    """Bytes with one change that knows nothing of what they mean."""
    return rng.choice(_BYTES)(rng, data)


def _flip(rng: random.Random, data: bytes) -> bytes:
    if not data:
        return data
    place = rng.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]


def _insert(rng: random.Random, data: bytes) -> bytes:
    place = rng.randint(0, len(data))
    strange = [
        b"\x00",
        b"\xff",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\r",
        b"\n",
        b"\t",
        b" ",
    ]
    return data[:place] + rng.choice(strange) + data[place:]


def _delete(rng: random.Random, data: bytes) -> bytes:
    start = rng.randint(0, len(data))
    return data[:start] + data[start + rng.choice([1, 1, 2, 8, 64]) :]


def _repeat(rng: random.Random, data: bytes) -> bytes:
    start = rng.randint(0, len(data))
    end = start + rng.choice([1, 4, 32, 256])
    return data[:end] + data[start:end] + data[end:]


def _truncate(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randint(0, len(data))]


def _line_ends(rng: random.Random, data: bytes) -> bytes:
    return data.replace(b"\n", rng.choice([b"\r\n", b"\r", b"\n\r", b"\r\r\n"]))


def _mark(rng: random.Random, data: bytes) -> bytes:
    return b"\xef\xbb\xbf" * rng.randint(1, 2) + data


def _recode(rng: random.Random, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(
        rng.choice(["utf-16", "utf-16-le", "utf-32", "latin-1", "cp1251"]), "replace"
    )


_BYTES: list[Callable[[random.Random, bytes], bytes]] = [
    _flip, _flip, _insert, _insert, _delete, _repeat, _truncate, _line_ends, _mark, _recode,
]  # fmt: skip


def mutated_lines(rng: random.Random, text: str) -> str:
    """Text with one change of whole lines."""
    lines = text.split("\n")
    place = rng.randrange(len(lines))
    kind = rng.randrange(7)
    if kind == 0:
        del lines[place]
    elif kind == 1:
        lines.insert(place, lines[place])
    elif kind == 2:
        other = rng.randrange(len(lines))
        lines[place], lines[other] = lines[other], lines[place]
    elif kind == 3:
        lines.insert(place, rng.choice(["", "", " ", "\t", "\u00a0", "# x", "# x = y", "x"]))
    elif kind == 4:
        cut = rng.randint(0, len(lines[place]))
        lines[place : place + 1] = [lines[place][:cut], lines[place][cut:]]
    elif kind == 5:
        lines[place : place + 2] = ["".join(lines[place : place + 2])]
    else:
        lines[place] = rng.choice([" ", "\t", "#", "\ufeff"]) + lines[place]
    return "\n".join(lines)


def mutated_field(
    rng: random.Random,
    text: str,
    separator: str,
    pool: Sequence[str] = (),
    columns: Sequence[int] = (),
) -> str:
    """Text with one change of a field of a line.

    Args:
        rng: decides.
        text: lines.
        separator: of fields.
        pool: cells to write half of the time instead of strange ones.
        columns: fields to change half of the time instead of any.
    """
    lines = text.split("\n")
    place = rng.choice([i for i, line in enumerate(lines) if separator in line] or [0])
    fields = lines[place].split(separator)
    field = rng.randrange(len(fields))
    if columns and rng.random() < 0.5:
        field = min(rng.choice(columns), len(fields) - 1)
    kind = rng.randrange(10)
    if kind == 0:
        del fields[field]
    elif kind == 1:
        fields.insert(field, fields[field])
    elif kind == 2:
        other = rng.randrange(len(fields))
        fields[field], fields[other] = fields[other], fields[field]
    elif kind == 3:
        cut = rng.randint(0, len(fields[field]))
        fields[field] = fields[field][:cut] + strange_cell(rng) + fields[field][cut:]
    elif pool and rng.random() < 0.5:
        fields[field] = rng.choice(pool)
    else:
        fields[field] = strange_cell(rng)
    lines[place] = separator.join(fields)
    return "\n".join(lines)


def mutated_text(
    rng: random.Random,
    text: str,
    separator: str,
    pool: Sequence[str] = (),
    columns: Sequence[int] = (),
) -> bytes:
    """A file of lines with fields, with one to three changes; one in eight has none."""
    for _ in range(rng.choice([0, 1, 1, 1, 1, 2, 2, 3])):
        kind = rng.random()
        if kind < 0.6:
            text = mutated_field(rng, text, separator, pool, columns)
        elif kind < 0.85:
            text = mutated_lines(rng, text)
        else:
            return mutated_bytes(rng, text.encode())
    return text.encode()


def places(content: Any) -> list[tuple[Any, Any]]:
    """Every container of a JSON value with every key or index in it."""
    found: list[tuple[Any, Any]] = []
    waiting = [content]
    while waiting:
        part = waiting.pop()
        keys = list(part) if isinstance(part, dict) else list(range(len(part)))
        found += [(part, key) for key in keys]
        waiting += [part[key] for key in keys if isinstance(part[key], dict | list)]
    return found


def mutated_json(rng: random.Random, content: Any, values: Sequence[Any] = ()) -> Any:
    """A copy of a JSON value with one change.

    Args:
        rng: decides.
        content: a mapping or list that is not empty.
        values: to write half of the time instead of strange ones.
    """
    content = deepcopy(content)
    part, key = rng.choice(places(content))
    value = rng.choice(values if values and rng.random() < 0.5 else JSON_VALUES)
    kind = rng.randrange(8)
    if kind == 0:
        del part[key]
    elif kind == 1 and isinstance(part, dict):
        part[rng.choice([f"{key}s", "", "x", "\n", "type", "kind"])] = value
    elif kind == 1:
        part.insert(key, deepcopy(part[key]))
    elif kind == 2:
        part[key] = [part[key]]
    elif kind == 3 and isinstance(part[key], int | float) and not isinstance(part[key], bool):
        part[key] = rng.choice([-part[key], part[key] * 2, part[key] + 1, float(part[key])])
    elif kind == 4:
        other, place = rng.choice(places(content))
        part[key] = deepcopy(other[place])
    else:
        part[key] = deepcopy(value)
    return content


def json_bytes(rng: random.Random, content: Any) -> bytes:
    """JSON; now and then damaged as text, nested deeply, or with a giant integer."""
    text = json.dumps(content, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 2]))
    kind = rng.random()
    if kind < 0.04:
        return mutated_bytes(rng, text.encode("utf-8", "surrogatepass"))
    if kind < 0.06:
        return text.replace(":", ": " + "[" * 100_000 + "]" * 100_000 + ', "x":', 1).encode()
    if kind < 0.08:
        return text.replace(":", ": " + "1" * 5000 + ', "x":', 1).encode()
    return text.encode("utf-8", "surrogatepass")
