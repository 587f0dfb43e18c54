"""Tables of the metrics, by use case."""
