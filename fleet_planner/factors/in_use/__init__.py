"""Where averages mislead: catalysts in slow traffic and cold air, spread of speeds, faulty and measured vehicles."""
