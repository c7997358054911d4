"""The report of a case: gathered once (`gather`), written as HTML, JSON or CSV from the same values (`model`)."""
