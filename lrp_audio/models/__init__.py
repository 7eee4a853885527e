"""Networks: the graph of layers, LRP through it, the published architectures, and their weights.

From the bottom up:

- ``graph``: a network's nodes, each a layer with the names of the nodes that it reads; `Arrivals`,
  what reaches the output of each node on the way back.
- ``fusion``: which nodes are computed as one layer, and when LRP allows it.
- ``relevance``: how the relevance of every layer is stored.
- ``lrp``: LRP itself. A forward pass keeps what each layer needs on the way back; then, from the
  last node to the first, the relevance of a layer's output goes to its input by its rule, and from
  there to the outputs of the nodes that it reads.
- ``network``: `Network`, the interface of these four: forward pass, LRP, gradients, training pass.
- ``folding``: batch normalisation folded into neighbouring layers.
- ``architecture``, and one file for each architecture (``audionet``, ``alexnet``): shapes of the
  parameters, the network built on them, first parameters, training recipes; ``compact`` makes the
  parameters small enough for a file.
- ``weights``, ``zoo``: weights files, and networks by the name of a shipped model or a path.
"""
