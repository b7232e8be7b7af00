"""The command. ``--version`` is answered before anything else is loaded."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line given in ``sys.argv``."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        from agentconv.leaving import open_streams

        open_streams()
    if sys.argv[1:] in (["--version"], ["-V"]):
        from agentconv import __version__

        print(f"agentconv {__version__}")
        return
    import gc

    # of what a start makes nearly all stays: the default of 700 lets the collector look through it some sixty times;
    # of a long run it takes a twentieth, for 3 MB more. A thousand agents make 62,000 objects, which one look would
    # take a fiftieth of their time for
    gc.set_threshold(100_000)
    from agentconv import leaving

    leaving.alone = True
    try:
        from agentconv.cli import main as run

        run()
    except KeyboardInterrupt:  # while modules are loaded, too
        sys.exit(130)


def command() -> None:
    """The same for a process that does nothing else, which the installed command is. ``python -m agentconv`` ends as
    any script: profilers want to tell what they saw."""
    try:
        main()
    except OSError as error:  # `--version` is answered before there is anybody else to say so
        from agentconv.leaving import told

        leave(told(error))
    except SystemExit as ended:
        if not isinstance(ended.code, int | None):
            raise
        leave(ended.code or 0)
    leave(0)


def leave(code: int) -> None:
    """End the process without taking everything apart that it holds, object by object: a fifth of what one file takes.

    What is to happen at the end happens: functions that wait for it are called, and what was printed is written. Where
    somebody reads no more, or a thread still works, the process ends as any other.
    """
    import atexit
    import os

    threading = sys.modules.get("threading")
    if threading is None or threading.active_count() == 1:
        atexit._run_exitfuncs()
        try:
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
        except OSError as error:
            from agentconv.leaving import told

            code = told(error)
        except ValueError:
            sys.exit(code)
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
