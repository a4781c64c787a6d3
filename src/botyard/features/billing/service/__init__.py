"""What billing does: it sells, keeps the ledger, and works out from it what each member has."""
