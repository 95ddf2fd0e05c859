"""The paper's examples in closed form: Section 1, Appendix C, and joint MAP without constraints (Appendix D)."""
