"""Read preference data of other projects as contrast pairs; a dropped row keeps its reason."""
