"""What emissions mean beyond the tonnes: for models of the air, for people, for the climate."""
