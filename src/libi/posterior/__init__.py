"""Posteriors p_θ(z|x) and marginals p_θ(x) of models: in closed form, by integrals over codes, or by sampling."""
