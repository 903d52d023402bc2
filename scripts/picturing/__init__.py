"""The numbers of each picture, and how they are drawn."""
