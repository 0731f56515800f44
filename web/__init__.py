"""The site beside the bot: recognise a picture, look who is known, and the API for both."""
