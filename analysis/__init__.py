"""Pure statistics for rates against targets."""
