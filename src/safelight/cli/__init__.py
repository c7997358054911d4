"""The commands: `safelight check`, `known`, `report`, `hash`, `compare`, `doctor`.

In come arguments, environment and a terminal; out go a table for people, JSON lines for machines, and an exit code.
A command imports what it needs when it is called, so that the engine's commands run without Django.
It must never decide anything: it calls one action or query of the package whose work it is, and shows the answer.
"""
