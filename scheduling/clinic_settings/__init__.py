"""What the owner of a clinic may set without a file and without a restart."""
