// The floor QueueSchema is under construction.
