"""The durable half of the clock: timers in the database, and the loop that fires them."""
