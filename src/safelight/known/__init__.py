"""The known base: imported lists, each with source, trust, date and scheme, ready to be matched against.

In come VICS, ICSE, CSV and digest lists, read in the sandbox row by row; out go matches with what each source said.
A bad row goes to quarantine with its line and reason; a removed source answers no more.
It must never translate a grade, merge two sources' words, or let a demonstration list reach a real base.
"""
