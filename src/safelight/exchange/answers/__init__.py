"""What a check found, in the forms that other agencies' programs read: VICS 2.0, and the shape of ICSE's export.

In: the report of a case, and for whom it is. Out: a file outside the data folder, in clear, written whole or not at
all, with a count of what the form could not hold. It must never hold a picture, a grade in another scheme than its own,
or what the recipient may not have.
"""
