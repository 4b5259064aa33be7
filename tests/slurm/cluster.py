"""A private Slurm on this machine: controller, two nodes without and one with (made-up) GPUs.

Everything lies in one folder and listens on the loopback alone; a Slurm that the machine belongs to
is not touched. Jobs find it by the environment that `environment` gives.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

NODES = ("n1", "n2", "g1")
COMMANDS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "scancel")

CONFIGURATION = """
ClusterName=private
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
MailProg=/bin/true
ReturnToService=2
SlurmdTimeout=15
KillWait=5
MinJobAge=3600
SchedulerParameters=batch_sched_delay=0,sched_interval=2,sched_min_interval=0,bf_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
GresTypes=gpu
AccountingStorageType=accounting_storage/none
{nodes}
PartitionName=cpu Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=g1 MaxTime=INFINITE State=UP
"""


def why_not() -> str | None:
    """What this machine lacks to run a Slurm; None if it lacks nothing."""
    missing = [name for name in COMMANDS if shutil.which(name, path=_path()) is None]
    if missing:
        return f"no {', '.join(missing)}: run tests/slurm/install.sh"
    return None if os.geteuid() == 0 else "munged and slurmd are started as root"


def _path() -> str:
    return f"{os.environ['PATH']}:/usr/sbin:/sbin"


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for a condition.

    Raises:
        TimeoutError: it does not hold in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:.0f} seconds")
        time.sleep(0.2)


class Cluster:
    """A running private Slurm.

    Args:
        folder: where it lies; must be new, and its path short, since it holds a socket.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("munge", "state", "bin", *(f"spool-{node}" for node in NODES)):
            (folder / name).mkdir(parents=True, mode=0o755)
        self.environment = {
            "SLURM_CONF": str(folder / "slurm.conf"),
            "PATH": f"{folder}/bin:{_path()}",
        }
        self._write_configuration()
        try:
            self._start_munge()
            self.start_controller()
            for node in NODES:
                self.start_node(node)
            wait_until(self.ready, 30, "nodes are idle")
        except BaseException:
            self.stop()
            raise

    def _write_configuration(self) -> None:
        controller, *ports = _free_ports(1 + len(NODES))
        host = socket.gethostname().split(".")[0]
        nodes = "\n".join(
            f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=2"
            f" RealMemory=128000 {'Gres=gpu:2' if node == 'g1' else ''}"
            for node, port in zip(NODES, ports, strict=True)
        )
        text = CONFIGURATION.format(
            host=host, controller=controller, folder=self.folder, nodes=nodes
        )
        (self.folder / "slurm.conf").write_text(text)
        # A GPU without a device file counts as none.
        (self.folder / "gres.conf").write_text("NodeName=g1 Name=gpu File=/dev/null,/dev/zero\n")
        # The executor takes SLURM_CONF from the steps of a job, for which there is no /etc/slurm.
        srun = self.folder / "bin" / "srun"
        srun.write_text(
            f'#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {shutil.which("srun")} "$@"\n'
        )
        srun.chmod(0o755)

    def run(self, *command: str, timeout: float = 60) -> str:
        """What a command says.

        Raises:
            subprocess.CalledProcessError: it fails.
        """
        done = subprocess.run(
            command, env={**os.environ, **self.environment}, capture_output=True, text=True,
            timeout=timeout, check=True,
        )  # fmt: skip
        return done.stdout

    def _start_munge(self) -> None:
        munge = self.folder / "munge"
        (munge / "key").write_bytes(os.urandom(128))
        (munge / "key").chmod(0o600)
        self.run(
            "munged", "--force", f"--key-file={munge}/key", f"--socket={munge}/socket",
            f"--pid-file={self.folder}/munged.pid", f"--log-file={munge}/log",
            f"--seed-file={munge}/seed",
        )  # fmt: skip

    def start_controller(self) -> None:
        """Start slurmctld and wait until it answers."""
        self.run("slurmctld", "-f", f"{self.folder}/slurm.conf")
        wait_until(self.answers, 30, "slurmctld answers")

    def start_node(self, node: str) -> None:
        """Start slurmd of a node."""
        self.run("slurmd", "-N", node, "-f", f"{self.folder}/slurm.conf")
        wait_until(lambda: self.pid(f"slurmd-{node}") is not None, 10, f"slurmd of {node} runs")

    def answers(self) -> bool:
        """Whether the controller does."""
        try:
            return "UP" in self.run("scontrol", "ping", timeout=10)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return False

    def ready(self) -> bool:
        """Whether all nodes can take jobs."""
        states = self.run("sinfo", "-h", "-N", "-o", "%N %t").splitlines()
        return sorted(set(states)) == sorted(f"{node} idle" for node in NODES)

    def pid(self, daemon: str) -> int | None:
        """The process of a daemon (`slurmctld`, `slurmd-n1`, …), if it runs."""
        try:
            pid = int((self.folder / f"{daemon}.pid").read_text())
            name = Path(f"/proc/{pid}/comm").read_text().strip()
        except (OSError, ValueError):
            return None
        return pid if name == daemon.partition("-")[0] else None

    def kill(self, daemon: str, how: int = signal.SIGTERM) -> None:
        """End a daemon and wait for its end."""
        if pid := self.pid(daemon):
            os.kill(pid, how)
            wait_until(lambda: self.pid(daemon) is None, 20, f"{daemon} has ended")

    def jobs(self) -> list[dict[str, str]]:
        """What scontrol says of every job that Slurm remembers."""
        lines = self.run("scontrol", "show", "job", "-d", "--oneliner").splitlines()
        fields = [[part.partition("=") for part in line.split(" ")] for line in lines]
        return [{name: value for name, _, value in parts} for parts in fields if len(parts) > 1]

    def active(self) -> list[str]:
        """Numbers of the jobs that wait, run or are about to end."""
        return self.run("squeue", "-h", "-o", "%i").split()

    def cancel_all(self) -> None:
        """End all jobs."""
        self.run("scancel", "--user=root")
        wait_until(lambda: not self.active(), 60, "jobs have ended")

    def recover(self) -> None:
        """Have everything run again and no jobs."""
        if not self.answers():
            self.start_controller()
        for node in NODES:
            if self.pid(f"slurmd-{node}") is None:
                self.start_node(node)
        self.cancel_all()
        try:
            wait_until(self.ready, 60, "nodes are idle")
        except TimeoutError:
            # A node that ran a job which the controller has lost is not idle by itself.
            for node in NODES:
                self.kill(f"slurmd-{node}", signal.SIGKILL)
                self.start_node(node)
                for state in ("DOWN", "RESUME"):
                    self.run("scontrol", "update", f"NodeName={node}", f"State={state}",
                             "Reason=recovered")  # fmt: skip
            wait_until(self.ready, 240, "nodes are idle")

    def stop(self) -> None:
        """End everything and remove the folder."""
        try:
            if self.answers():
                self.cancel_all()
        finally:
            for daemon in (*(f"slurmd-{node}" for node in NODES), "slurmctld", "munged"):
                self.kill(daemon)
            shutil.rmtree(self.folder, ignore_errors=True)
