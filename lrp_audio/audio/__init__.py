"""Sound in and out: reading and fitting clips, and listening to relevance."""
