"""From data to trained models: objectives, methods as lists of phases, and the engine that runs them."""
