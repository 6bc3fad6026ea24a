new profile
