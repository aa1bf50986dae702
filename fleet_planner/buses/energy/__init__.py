"""Energy of a movement from physics: traction, auxiliaries, cabin, heater."""
