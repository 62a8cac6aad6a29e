//! Tests of several layers together that look inside them.

mod bytes_on_the_wire;
