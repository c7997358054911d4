"""The exchange with other agencies: what leaves a node, and what of it a recipient opens.

In come a case's kept contents and the statements about them; out go manifests, sealed bundles and withdrawals.
A manifest lists all that is handed out and to whom (`manifest`); two persons approve its hash, then it is sent
(`actions`). A bundle is opened without a node (`opening`): its reader trusts no byte of it.
It must never hand out what its recipient may not have, nor anything before the log holds who was given what.
"""
