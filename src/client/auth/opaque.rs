//! The client's side of OPAQUE: proving a password, and opening an account, without the password leaving.

use opaque_ke::{
    ClientLogin, ClientLoginFinishParameters, ClientRegistration,
    ClientRegistrationFinishParameters, CredentialResponse, RegistrationResponse,
};
use rand_chacha::ChaCha20Rng;
use serde_bytes::ByteBuf;
use thiserror::Error;

use crate::protocol::opaque::{IDENTITIES, KeyStretching, Suite, context};

/// A step of OPAQUE did not work out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CredentialsError {
    /// The password is wrong, or whoever answers is not the server that this account is at.
    #[error("wrong password")]
    Mismatch,
    /// What came is not an answer of OPAQUE.
    #[error("the server's answer to the sign-in is malformed")]
    Malformed,
}

/// A login that waits for the server's answer.
pub struct LoginBegun(ClientLogin<Suite>);

/// A sign-up that waits for the server's answer.
pub struct SignUpBegun(ClientRegistration<Suite>);

impl LoginBegun {
    /// Begins a login, and gives the request to send.
    ///
    /// # Errors
    /// [`CredentialsError::Malformed`] if OPAQUE does not take the password.
    pub fn new(
        random: &mut ChaCha20Rng,
        password: &[u8],
    ) -> Result<(Self, ByteBuf), CredentialsError> {
        let begun = ClientLogin::<Suite>::start(random, password)
            .map_err(|_| CredentialsError::Malformed)?;
        let request = ByteBuf::from(begun.message.serialize().to_vec());
        Ok((Self(begun.state), request))
    }

    /// Ends it: checks the server, and gives what proves the password to it.
    ///
    /// # Errors
    /// [`CredentialsError::Mismatch`] if the password is wrong, [`CredentialsError::Malformed`] if this is no answer of OPAQUE.
    pub fn finish(
        self,
        random: &mut ChaCha20Rng,
        password: &[u8],
        response: &[u8],
        handshake_hash: &[u8; 32],
        key_stretching: KeyStretching,
    ) -> Result<ByteBuf, CredentialsError> {
        let response = CredentialResponse::<Suite>::deserialize(response)
            .map_err(|_| CredentialsError::Malformed)?;
        let context = context(handshake_hash);
        let parameters =
            ClientLoginFinishParameters::new(Some(&context), IDENTITIES, Some(&key_stretching));
        let finished = self
            .0
            .finish(random, password, response, parameters)
            .map_err(|_| CredentialsError::Mismatch)?;
        Ok(ByteBuf::from(finished.message.serialize().to_vec()))
    }
}

impl SignUpBegun {
    /// Begins a sign-up, and gives the request to send.
    ///
    /// # Errors
    /// [`CredentialsError::Malformed`] if OPAQUE does not take the password.
    pub fn new(
        random: &mut ChaCha20Rng,
        password: &[u8],
    ) -> Result<(Self, ByteBuf), CredentialsError> {
        let begun = ClientRegistration::<Suite>::start(random, password)
            .map_err(|_| CredentialsError::Malformed)?;
        let request = ByteBuf::from(begun.message.serialize().to_vec());
        Ok((Self(begun.state), request))
    }

    /// Ends it: gives the record that the server keeps.
    ///
    /// # Errors
    /// [`CredentialsError::Malformed`] if this is no answer of OPAQUE.
    pub fn finish(
        self,
        random: &mut ChaCha20Rng,
        password: &[u8],
        response: &[u8],
        key_stretching: KeyStretching,
    ) -> Result<ByteBuf, CredentialsError> {
        let response = RegistrationResponse::<Suite>::deserialize(response)
            .map_err(|_| CredentialsError::Malformed)?;
        let parameters = ClientRegistrationFinishParameters::new(IDENTITIES, Some(&key_stretching));
        let finished = self
            .0
            .finish(random, password, response, parameters)
            .map_err(|_| CredentialsError::Malformed)?;
        Ok(ByteBuf::from(finished.message.serialize().to_vec()))
    }
}
