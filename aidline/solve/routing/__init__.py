"""Routes of vehicles: problems of least cost, and plans for the three tiers of a network."""
