"""One pair as a document: laid out turn by turn, with everything known about it."""
