"""Evidence requests and records, the store, and the collector."""
