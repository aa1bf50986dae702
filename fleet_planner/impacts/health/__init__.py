"""What emissions do to people: deaths, years of life, cases, and what that is worth."""
