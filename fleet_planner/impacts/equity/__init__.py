"""Who breathes it and who gains: shares by how well off people are, concentration curve and index."""
