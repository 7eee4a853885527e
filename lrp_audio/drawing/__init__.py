"""Drawing: from arrays to matplotlib figures, one kind of figure in each file."""
