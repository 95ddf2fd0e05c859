"""The types that the files of other rooms fill in: data set, network, method, objective, and a study's values."""
