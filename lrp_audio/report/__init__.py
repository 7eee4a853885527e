"""What is made of explanations to be read: the HTML report, figures, and the rule catalogue."""
