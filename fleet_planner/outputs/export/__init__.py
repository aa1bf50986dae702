"""Results of a folder in other forms: tables, layers, a database."""
