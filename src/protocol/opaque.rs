//! The OPAQUE suite by which passwords are proved without being told (RFC 9807).
//!
//! Both ends name the same suite, identities and context here; what each does with them is its own matter.

use argon2::Argon2;
use opaque_ke::errors::InternalError;
use opaque_ke::generic_array::{ArrayLength, GenericArray};
use opaque_ke::ksf::Ksf;
use opaque_ke::{CipherSuite, Identifiers, Ristretto255, TripleDh};

/// OPAQUE's server identity. A constant, not the server's Noise key: if that key is ever replaced, the accounts
/// must stay.
const SERVER_IDENTITY: &[u8] = b"udpchat";

/// What OPAQUE's context begins with.
const CONTEXT_LABEL: &[u8] = b"udpchat 1 login";

/// Ristretto255, triple Diffie-Hellman with SHA-512, and a key-stretching function that is chosen at run time.
#[derive(Debug, Clone, Copy)]
pub struct Suite;

impl CipherSuite for Suite {
    type OprfCs = Ristretto255;
    type KeyExchange = TripleDh<Ristretto255, sha2::Sha512>;
    type Ksf = KeyStretching;
}

/// How the client makes guessing a password expensive. The server never sees it run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyStretching {
    /// Argon2id with 19 MiB, 2 passes and 1 lane: OWASP's recommendation, and the `argon2` crate's default.
    #[default]
    Argon2id,
    /// None at all: for simulations, where passwords are not secret, and for measurements, where they are 128 random bits.
    Identity,
}

impl Ksf for KeyStretching {
    fn hash<L: ArrayLength<u8>>(
        &self,
        input: GenericArray<u8, L>,
    ) -> Result<GenericArray<u8, L>, InternalError> {
        match self {
            Self::Argon2id => Argon2::default().hash(input),
            Self::Identity => Ok(input),
        }
    }
}

/// The identities that OPAQUE binds. The client's is its public key, as where none is given (RFC 9807, section 6.1):
/// were it the name, a user who is renamed could not log in any more.
pub const IDENTITIES: Identifiers<'_> = Identifiers {
    client: None,
    server: Some(SERVER_IDENTITY),
};

/// OPAQUE's context: it ties a login to the Noise session it runs in, so that a machine in the middle is found
/// out by the login itself.
#[must_use]
pub fn context(handshake_hash: &[u8; 32]) -> Vec<u8> {
    [CONTEXT_LABEL, handshake_hash].concat()
}
