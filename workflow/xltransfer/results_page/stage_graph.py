"""The stages behind a folder of tables, as a graph: which stage reads the files of which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from ..records.trace import record_of

_ROW, _COLUMN, _BOX = 44.0, 190.0, (160.0, 28.0)


@dataclass(frozen=True)
class Stage:
    """A stage in the drawing: its name, its number of files, and the place of its box."""

    name: str
    files: int
    x: float
    y: float


@dataclass(frozen=True)
class StageGraph:
    """A drawing of stages.

    Attributes:
        width, height: size in pixels.
        box: width and height of a box.
        stages: stages.
        lines: x1, y1, x2, y2 from a stage to one that reads its files.
        description: the graph in words.
    """

    width: float
    height: float
    box: tuple[float, float]
    stages: list[Stage]
    lines: list[tuple[float, float, float, float]]
    description: str


def stage_graph(inputs: Mapping[str, Mapping[str, str]]) -> StageGraph | None:
    """The graph of the stages that made the inputs of tables.

    Args:
        inputs: for each stage that writes tables, the inputs of its tables: path, as written by
            ``record.portable`` → SHA-256.

    Returns:
        The graph; ``None`` if no input has a record.
    """
    files: dict[str, set[str]] = defaultdict(set)
    readers: dict[str, set[str]] = defaultdict(set)
    waiting = [(path, stage) for stage, paths in inputs.items() for path in paths]
    seen = set(waiting)
    while waiting:
        path, reader = waiting.pop()
        record = record_of(path)
        if not record:
            continue
        stage = str(record["stage"])
        files[stage].add(path)
        if stage != reader:
            readers[reader].add(stage)
        for source in record["inputs"]:
            if (source, stage) not in seen:
                seen.add((source, stage))
                waiting.append((source, stage))
    return _placed(files, readers) if files else None


def _placed(files: Mapping[str, set[str]], readers: Mapping[str, set[str]]) -> StageGraph:
    names = sorted({*files, *readers, *(name for some in readers.values() for name in some)})
    graph = {name: readers.get(name, set()) for name in names}
    column: dict[str, int] = {}
    for name in TopologicalSorter(graph).static_order():
        column[name] = 1 + max((column[before] for before in graph[name]), default=-1)
    rows: dict[int, int] = defaultdict(int)
    places = {}
    for name in names:
        places[name] = (8 + column[name] * _COLUMN, 8 + rows[column[name]] * _ROW)
        rows[column[name]] += 1
    lines = []
    for name in names:
        for before in sorted(graph[name]):
            (x1, y1), (x2, y2) = places[before], places[name]
            lines.append((x1 + _BOX[0], y1 + _BOX[1] / 2, x2, y2 + _BOX[1] / 2))
    stages = [Stage(name, len(files.get(name, ())), *places[name]) for name in names]
    words = "; ".join(
        f"{name} reads {', '.join(sorted(graph[name]))}" for name in names if graph[name]
    )
    width = 16 + max(column.values()) * _COLUMN + _BOX[0]
    return StageGraph(width, 16 + max(rows.values()) * _ROW, _BOX, stages, lines, words)
