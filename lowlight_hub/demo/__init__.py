"""The demo's parts: what it computes, what it says in which language, how its page looks."""
