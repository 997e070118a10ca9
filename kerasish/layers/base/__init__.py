"""What every layer is made of: the contract, its fields, what it holds, and how it is called."""
