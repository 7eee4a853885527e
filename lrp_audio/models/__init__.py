"""The graph that chains layers, the published networks, and their weights in and out."""
