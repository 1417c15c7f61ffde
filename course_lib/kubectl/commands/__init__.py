"""What each command of kubectl does: a module for those that begin with the same word."""
