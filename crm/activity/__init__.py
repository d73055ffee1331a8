"""What is done about requests: each activity is an event or, without a time, a task of the company's agenda."""
