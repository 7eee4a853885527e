"""Fault injection: mutated files, kills and failing writes, in every reader and command.

``kinds/`` makes hostile inputs, one file for each family of them; ``reading.py`` gives them to the
function of the library that reads such files, in a process with little memory and a watchdog.
``commands.py`` lists the commands that write; ``kills.py`` kills them, and ``writes.py`` lets their
writes fail. It stands beside the benchmarks because its figures are quoted in the documentation, as
theirs are: ``python -m benchmarks.faults --full --write`` runs all of it.
"""
