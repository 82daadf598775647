// The floor JobQueue is under construction.
