"""What may have replaced what, as time moves on."""
