"""Invitations by mail (iMIP, RFC 6047; iTIP, RFC 5546): what came in, what is answered, what goes out."""
