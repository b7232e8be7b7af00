"""The command. ``--version`` is answered before anything else is loaded."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line given in ``sys.argv``."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from agentconv import __version__

        print(f"agentconv {__version__}")
        return
    import gc

    from agentconv.cli import main as run

    # nearly all that a run makes stays to its end: looking for garbage each 700 objects takes a twentieth of its time
    gc.set_threshold(10_000)
    run()


if __name__ == "__main__":
    main()
