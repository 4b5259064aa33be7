"""The whole embedded study through a private Slurm: where its jobs ran, and whether its tables are
those of a local run, byte for byte.

    python tests/slurm/whole_study.py RESULTS

RESULTS is the folder that `make study` has filled. Takes a little longer than `make study`. Needs
root, and Slurm installed (tests/slurm/install.sh).
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from cluster import Cluster, why_not
from conftest import copy_workflow
from heads import Head, misplaced

HOURS = 3 * 3600


def different_tables(one: Path, other: Path) -> tuple[int, list[str]]:
    """How many files of tables a run has made, and those that the other lacks or has otherwise.

    What is said of time, machine and place is no table and left out.
    """
    files = {
        path.relative_to(one) for path in (one / "tables").rglob("*.*") if path.suffix != ".json"
    }
    return len(files), sorted(
        str(path)
        for path in files
        if not (other / path).exists() or (one / path).read_bytes() != (other / path).read_bytes()
    )


def main() -> None:
    """Run the study and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("results", type=Path, help="of a local run")
    local = parser.parse_args().results.resolve()
    if not (local / "tables").is_dir():
        sys.exit(f"error: {local}: no tables: run `make study` and give its results folder")
    if reason := why_not():
        sys.exit(f"error: no Slurm can be started: {reason}")
    # So that the cluster is stopped whatever ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    with tempfile.TemporaryDirectory(prefix="whole-", dir="/tmp") as name:
        cluster = Cluster(Path(name) / "lab")
        try:
            folder = copy_workflow(Path(name) / "study")
            (folder / "study.yaml").write_text("{}\n")
            code = Head(folder, cluster, "transfer").end(HOURS)
            jobs = cluster.jobs()
        finally:
            cluster.stop()
        if code:
            sys.exit((folder / "head.log").read_text()[-5000:])
        number, different = different_tables(local, folder / "results")
    places = Counter((job["Partition"], job.get("TresPerJob", "no GPU")) for job in jobs)
    for (partition, asked), count in sorted(places.items()):
        print(f"{count} jobs in partition {partition}, {asked}")
    print(f"jobs in a wrong place: {misplaced(jobs) or 'none'}")
    print(f"{number} files of tables, of which differ: {different or 'none'}")
    sys.exit(bool(different or misplaced(jobs)))


if __name__ == "__main__":
    main()
