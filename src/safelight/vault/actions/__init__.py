"""The ways to write the vault: keep and let go, erase, hold, rotate keys, sweep. One transaction each."""
