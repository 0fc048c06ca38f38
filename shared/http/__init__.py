"""HTTP as every service speaks it: strict JSON in, problem documents out, each request observed."""
