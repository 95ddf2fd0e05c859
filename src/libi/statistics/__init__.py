"""Statistics of samples and of models: how far codes are from Gaussian (Henze–Zirkler), how far a model's
data are from the true ones (smooth k-nearest-neighbour test) and how likely data are under a model
(importance sampling, Eq. 47–48, and the closed forms it is checked against). Nothing here knows how a model
was trained. Arrays are [..., features, points], points last.
"""
