"""The tables of the paper, its numbers and sentences, and the page that leads to them: from data frames to text."""
