"""Does a plan run? A stand-in of the template on this machine, the plan over it, and what its failures teach.

This room runs foreign code by its purpose: what is planned is installed and imported. SECURITY.md says how far it is
kept apart.
"""
