//! Endpoints against each other, in virtual time.
