"""The rules, one verb a module; pages, client API and inbox all call these."""
