"""Reading and fitting clips, transforms, domains of relevance, audible relevance."""
