"""How dates are written where Django's own form is too long for a column."""
