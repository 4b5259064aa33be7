"""``xltransfer COMMAND …``, or ``python -m xltransfer``: a command for users, or a stage."""

from .runtime.fork_client import run_in_fork


def main() -> None:
    """Run the command that the command line names, in a fork if a server offers one."""
    run_in_fork()
    # A job that runs in a fork needs none of its imports.
    from .runtime.entry import run_named

    run_named()


if __name__ == "__main__":
    main()
