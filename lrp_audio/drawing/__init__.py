"""Drawing: from arrays to matplotlib figures, one kind of picture a file."""
