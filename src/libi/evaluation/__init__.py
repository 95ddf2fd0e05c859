"""How good a trained model is: its scores, its metrics, its posteriors and its two gaps."""
