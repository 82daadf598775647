// The floor EmulationAwards is under construction.
