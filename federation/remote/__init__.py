"""The only network client: guarded fetches, remote actors and objects, deliveries."""
