"""The client's side of the exchange: pairing with other nodes, reading their sets, giving opinions (sharing.md)."""
