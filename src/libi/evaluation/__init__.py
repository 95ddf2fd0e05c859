"""How good a trained model is: the metrics of Table 1, and the closed forms of Appendix C."""
