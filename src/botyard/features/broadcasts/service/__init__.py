"""What the broadcasts feature does to the state of the business."""
