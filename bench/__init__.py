"""How fast the product is beside the least that the same work costs; see docs/bench.md."""
