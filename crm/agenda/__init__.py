"""The agenda: what phones and Outlook change there comes back to activities; who has what when, and who is free."""
