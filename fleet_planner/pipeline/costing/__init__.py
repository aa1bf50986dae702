"""What scenarios cost: ownership, programmes by year, measures, vehicles scrapped early."""
