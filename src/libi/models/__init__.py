"""Trained models: what a file of them holds, and which of them stands for a method."""
