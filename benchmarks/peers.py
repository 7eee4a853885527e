"""``python -m benchmarks.peers MODULE FOLDER THREADS``: a process that does a task on request.

It answers each line of JSON on its standard input with one on its standard output: "call" does the
task once and gives its milliseconds, "memory" gives the peak of the process.
"""

import importlib
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Serve the task in the folder until standard input ends."""
    module, folder, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    restrict(threads)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # keeps what libraries print out of the answers
    about = json.loads((folder / "case.json").read_text())
    # Imported after `restrict`, because NumPy, numba and torch count the cores when imported.
    tasks = importlib.import_module(f"benchmarks.{module}").TASKS
    task = tasks[about["task"]](folder, threads)
    for line in sys.stdin:
        print(json.dumps(_answer(task, json.loads(line))), file=answers, flush=True)


def command(module: str, *arguments: str) -> list[str]:
    """The command line that runs ``benchmarks.MODULE``."""
    return [sys.executable, "-m", f"benchmarks.{module}", *arguments]


def environment() -> dict[str, str]:
    """This process's environment, with ``benchmarks`` on the import path.

    Python keeps the bytecode of modules, as it does for installed packages.
    """
    here = [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, here))}


def restrict(threads: int) -> None:
    """Restrict this process to the first `threads` of its cores."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def _answer(task: Any, question: dict[str, str]) -> float:
    if question["ask"] == "memory":
        return peak_mb()
    started = time.perf_counter()
    found = task()
    ms = 1000 * (time.perf_counter() - started)
    if "save" in question:
        import numpy as np

        np.savez(question["save"], **found)
    return ms


def peak_mb() -> float:
    """The largest resident memory that this process has had, in MB (10^6 bytes)."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would begin with the memory of the process that started this
        line = next(s for s in status.read_text().splitlines() if s.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    main()
