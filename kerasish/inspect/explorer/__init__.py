"""One page on which a model can be seen at every stage, from its layers to the plan that runs."""
