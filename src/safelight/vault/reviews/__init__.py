"""What in the vault has to be looked at again, and when."""
