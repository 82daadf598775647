// The floor JobQueueTesting is under construction.
