// The floor JobWorker is under construction.
