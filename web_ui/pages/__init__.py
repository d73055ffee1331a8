"""Pages for people in a browser: sign in, see and set up your devices. No script; nothing from elsewhere."""
