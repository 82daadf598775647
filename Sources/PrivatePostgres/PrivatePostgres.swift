// The floor PrivatePostgres is under construction.
