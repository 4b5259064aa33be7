#!/bin/sh
# Installs Slurm for the tests in this folder from the packages of Debian and Ubuntu, where that can
# be done; where it cannot, the tests that need it are skipped.
set -u
commands="munged slurmctld slurmd sbatch"
missing=""
for command in $commands; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "$command" > /dev/null || missing="$missing $command"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
    echo "Slurm is not installed (no$missing), and only root can, where there is apt-get"
    exit 0
fi
# The tests start a Slurm of their own; the packages must not start theirs.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq &&
    apt-get install -y -qq --no-install-recommends slurmctld slurmd slurm-client munge > /dev/null ||
    echo "Slurm could not be installed"
