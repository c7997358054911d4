"""The work on cases: the run of a check, verdicts, stacks, reports.

In come sightings, their signatures and what the known base says of them; out go verdicts with evidence, and reports.
A verdict is a pure rule over matches (`rules`); a run can be resumed at any instruction (`check`).
It must never set a grade from a perceptual match, merge what a person kept apart, or skip a file silently.
"""
