"""Explaining that memory is exhausted: which setting to lower."""

from __future__ import annotations

BATCH = "lower `training.batch_pieces` in the section of the task"
SETTINGS = {
    "finetune": f"lower `job_size.finetune.ablations` if it is above 1, or {BATCH}",
    "search": f"{BATCH}, or under `unseen.training`",
    "adapt": "lower `by.training.batch_pieces` of the encoder, or its `block_size`",
    "pretrain": "lower `by.training.batch_pieces` of the encoder, or its `block_size`",
}
"""Command → setting that decides how much memory it needs at once."""
OTHERWISE = "use a machine with more memory"
_SHARED = ", or lower XLTRANSFER_JOBS_PER_GPU if jobs share the GPU"
_PROCESSOR = ("DefaultCPUAllocator", "not enough memory")


def explain_no_memory(error: BaseException, command: str) -> str | None:
    """One line for the user if memory is exhausted, of a GPU or of the machine, else ``None``.

    Torch is not imported: its error is recognised by name.

    Args:
        error: error of any library.
        command: name of the command that failed.
    """
    of_gpu = type(error).__name__ == "OutOfMemoryError"
    of_machine = isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(words in str(error) for words in _PROCESSOR)
    )
    if not (of_gpu or of_machine):
        return None
    whose = "GPU" if of_gpu else "machine"
    remedy = SETTINGS.get(command, OTHERWISE)
    return f"{command}: the memory of the {whose} is exhausted; {remedy}{_SHARED * of_gpu}"
