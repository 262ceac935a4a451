"""Bank adapters: pure translation between the gateway's values and the languages of banks."""
