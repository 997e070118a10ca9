"""What the arguments of an object are: signatures, hints, rules, configs."""
