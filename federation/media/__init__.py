"""What media are made of: which kinds we take, and how they are written anew."""
