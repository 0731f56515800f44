"""What members see and press: texts of answers, views, forms, progress, error answers."""
