"""Statistics of samples and of models; nothing here knows how a model was trained.

How far codes are from Gaussian (Henze–Zirkler), how far a model's data are from the true ones (smooth k-nearest
neighbours), and how likely data are under a model (importance sampling, Eq. 47–48, and the closed forms that it is
checked against). Arrays are [..., features, points], points last.
"""

TRUSTED = 100  # effective sample size from which what importance sampling says of a point is taken for true
