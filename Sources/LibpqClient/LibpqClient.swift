// The floor LibpqClient is under construction.
