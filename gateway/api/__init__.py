"""The REST door: thin handlers over the services, tokens and signatures checked, every error a problem document."""
