"""The footing: settings, the database and its supervision, the clock. No word of the domain is known here.

In come environment and a data folder; out go settings and a database connection that works.
The embedded PostgreSQL is started by the first command, joined by the next, stopped by the last, adopted after a crash.
It must never leave a server behind, listen on a network, or start with an insecure setting.
"""
