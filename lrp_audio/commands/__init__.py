"""What all commands share: running and ending, common options, worker processes, plain text."""
