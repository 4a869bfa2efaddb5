"""The contract between nodes: an OData 4.0 JSON subset below /odata/v1/ (sharing.md section 4, docs/exchange.md)."""
