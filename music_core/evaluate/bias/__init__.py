"""What pulls raters besides quality: position, length, style, their own model."""
