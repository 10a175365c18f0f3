"""What people and servers do to each other: the rules, the wire and the network client."""
