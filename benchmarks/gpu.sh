#!/bin/bash
# Checks and measurements on one GPU, in at most ten minutes, without a network:
#
#   benchmarks/gpu.sh [--checks NAME …]
#
# DEVICE=cpu SIZE=tiny rehearses it on a processor. SECONDS_LIMIT is the time for all checks (600).
# Results are written to OUTPUT (benchmarks/gpu.json) after each check; a table ends the output.
#
# It needs Python with torch for this GPU, and what pyproject.toml names. On a machine without a
# package index, put what its Python lacks into a folder and name it as WHEELS; it is unpacked into
# a temporary folder, and nothing is installed. On a machine with the index, for Python 3.12:
#
#   pip download --no-deps --only-binary=:all: --python-version 3.12 -d wheels NAME==VERSION …
#
# with the names and versions that `pip freeze` prints in this project's environment, but for torch,
# its CUDA libraries and whatever the other machine has.
set -eu
cd "$(dirname "$0")/.."
PYTHON=$(command -v "${PYTHON:-python3}")
SITE=$(mktemp -d)
trap 'rm -rf "$SITE"' EXIT
if [ -n "${WHEELS:-}" ]; then
    "$PYTHON" -m pip install -q --no-index --no-deps --no-compile --no-cache-dir --target "$SITE" \
        "$WHEELS"/*.whl
fi
# Rules of the workflow call `python`.
mkdir -p "$SITE/bin"
printf '#!/bin/sh\nexec "%s" "$@"\n' "$PYTHON" > "$SITE/bin/python"
chmod +x "$SITE/bin/python"
export PYTHONPATH="$PWD/workflow:$SITE${PYTHONPATH:+:$PYTHONPATH}" PATH="$SITE/bin:$PATH"
export PYTHONUNBUFFERED=1
"$PYTHON" -m benchmarks.gpu --device "${DEVICE:-cuda}" --size "${SIZE:-full}" \
    --seconds "${SECONDS_LIMIT:-600}" ${WORK:+--work "$WORK"} ${OUTPUT:+--output "$OUTPUT"} "$@"
