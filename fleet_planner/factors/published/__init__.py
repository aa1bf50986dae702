"""Factor sets as published: tables as arrays, their readers, poles and spikes bridged."""
