//! Tests of the logic without a link.
