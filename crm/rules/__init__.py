"""Rules of intake: what kind of request a mail becomes, how much it weighs, whose it is. Pure; storage keeps them."""
