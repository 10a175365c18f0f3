"""What arrives in an inbox: authenticate, accept, process."""
