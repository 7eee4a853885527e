"""What all commands share: how they run and end, their common options, processes, plain text."""
