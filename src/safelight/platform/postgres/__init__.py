"""The embedded PostgreSQL: started by the first command, joined by the next, stopped by the last, never left behind.

In comes a data folder; out goes the address of a server that answers on a unix socket, and on nothing else.
A command holds a shared lock while it uses the database (`users`). A keeper process (`keeper`) starts the server, waits
until it can take that lock alone, which is when no user lives any more, however they ended, and stops the server.
A keeper that died is replaced by the next command, and its server adopted. What the server needs stands in `server`.
It must never be imported by anything but `platform.database`; nothing here imports Django or a database driver.
"""
