#!/bin/sh
# Installs a wheel and the locked packages into an empty environment of the newest Python that this
# machine has, and uses them outside of the clone. `make test` uses the oldest Python. 3.14 is left
# out, because packages that Snakemake needs have no wheels for it (docs/commands.md).
set -eu
cd "$(dirname "$0")/.."
newest=""
for minor in 11 12 13; do
    for python in "python3.$minor" "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.$minor".*/bin/"python3.$minor"; do
        if "$python" -c "import ensurepip, venv" 2> /dev/null; then newest=$python; fi
    done
done
if [ -z "$newest" ]; then
    echo "no Python from 3.11 to 3.13 with venv: nothing is installed"
    exit 0
fi
clone=$PWD
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$newest" --version
"$newest" -m venv "$folder/environment"
pip="$folder/environment/bin/python -m pip --disable-pip-version-check --quiet"
$pip install --requirement envs/requirements.txt
# From a copy, because setuptools writes into the folder that it builds.
git clone --quiet "$clone" "$folder/clone"
$pip wheel --no-deps --wheel-dir "$folder" "$folder/clone"
$pip install --no-deps "$folder"/xltransfer-*.whl
rm -rf "$folder/clone"
cd "$folder"
environment/bin/xltransfer list studies | tail -n 1
environment/bin/python -c '
import doctest, sys
from xltransfer.public import functions
failed, attempted = doctest.testmod(functions)
print(f"{attempted} examples of the public functions, {failed} failed")
sys.exit(failed or not attempted)'
