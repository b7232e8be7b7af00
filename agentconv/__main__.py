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

    # of what a start makes nearly all stays: the default of 700 lets the collector look through it some sixty times;
    # of a long run it takes a twentieth
    gc.set_threshold(50_000)
    from agentconv.cli import main as run

    run()


if __name__ == "__main__":
    main()
