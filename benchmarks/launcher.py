"""Run a command and write the seconds and the memory that it took.

A process of its own stands between the benchmarks and what they measure, because Linux counts the
memory of the process that starts a command as the command's. It has to be small.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time


def main() -> None:
    """Arguments: the file to write, the command and its arguments."""
    started = time.perf_counter()
    try:
        process = subprocess.Popen(sys.argv[2:])
    except OSError as error:
        sys.exit(f"{sys.argv[2]}: {error.strerror}")
    # Speaks of this child and its children alone.
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    with open(sys.argv[1], "w") as file:
        json.dump({"seconds": seconds, "peak_bytes": usage.ru_maxrss * 1024}, file)
    sys.exit(os.waitstatus_to_exitcode(status) and 1)


if __name__ == "__main__":
    main()
