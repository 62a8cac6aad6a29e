//! The server's half of OPAQUE: accounts are opened and passwords proved without the server seeing any.
//!
//! The same half serves a session of the network and `udpchat user add`, which plays the client's half itself.

use opaque_ke::{
    ClientRegistration, ClientRegistrationFinishParameters, CredentialFinalization,
    CredentialRequest, RegistrationRequest, RegistrationUpload, ServerLogin, ServerLoginParameters,
    ServerRegistration, ServerSetup,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, RngCore, SeedableRng};
use thiserror::Error;

use crate::protocol::opaque::{IDENTITIES, KeyStretching, Suite, context};
use crate::server::names::Name;
use crate::store::{Account, NewAccount};

/// What the server keeps of OPAQUE: with it, and only with it, the accounts' records are of use.
pub struct OpaqueServer {
    setup: ServerSetup<Suite>,
    /// Makes the credential identifiers of accounts that do not exist, the same for the same name each time.
    fake_credential_key: [u8; 32],
    /// The record of no account: what is done with an account's record takes some time, and is done with this one
    /// where there is none.
    fake_record: Vec<u8>,
}

/// The peer's half was not what OPAQUE expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the password exchange is malformed")]
pub struct BadExchange;

/// A sign-up between its two halves. The name is remembered here: an upload carries none.
pub struct PendingSignUp {
    name: Name,
    registration: PendingRegistration,
}

/// The registration of a password between its two halves.
pub struct PendingRegistration {
    pub credential_identifier: [u8; 16],
}

/// What is kept of a password, from the second half of its registration.
///
/// # Errors
/// [`BadExchange`] if the upload is malformed.
pub fn record_of(upload: &[u8]) -> Result<Vec<u8>, BadExchange> {
    let upload = RegistrationUpload::<Suite>::deserialize(upload).map_err(|_| BadExchange)?;
    Ok(ServerRegistration::finish(upload).serialize().to_vec())
}

/// A login between its two halves.
pub struct PendingLogin {
    state: ServerLogin<Suite>,
    context: Vec<u8>,
    /// The account, unless this is the stand-in for one that does not exist.
    account: Option<Account>,
}

impl OpaqueServer {
    /// Makes the setup that is kept with the database.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Vec<u8> {
        ServerSetup::<Suite>::new(rng).serialize().to_vec()
    }

    /// Takes up a setup that [`OpaqueServer::generate`] has made.
    ///
    /// # Errors
    /// If the bytes are no setup: the database is damaged.
    pub fn load(setup: &[u8]) -> Result<Self, BadExchange> {
        let rng = blake3::derive_key("udpchat 1 stand-in record", setup);
        let fake_credential_key =
            blake3::derive_key("udpchat 1 stand-in credential identifiers", setup);
        let setup = ServerSetup::deserialize(setup).map_err(|_| BadExchange)?;
        Ok(Self {
            fake_record: fake_record(&setup, ChaCha20Rng::from_seed(rng))?,
            setup,
            fake_credential_key,
        })
    }

    /// Answers the first half of a sign-up.
    ///
    /// # Errors
    /// [`BadExchange`] if the request is malformed.
    pub fn start_sign_up(
        &self,
        rng: &mut (impl RngCore + CryptoRng),
        name: Name,
        request: &[u8],
    ) -> Result<(PendingSignUp, Vec<u8>), BadExchange> {
        let (registration, answer) = self.start_registration(rng, request)?;
        Ok((PendingSignUp { name, registration }, answer))
    }

    /// Answers the first half of the registration of a password.
    ///
    /// # Errors
    /// [`BadExchange`] if the request is malformed.
    pub fn start_registration(
        &self,
        rng: &mut (impl RngCore + CryptoRng),
        request: &[u8],
    ) -> Result<(PendingRegistration, Vec<u8>), BadExchange> {
        let request = RegistrationRequest::deserialize(request).map_err(|_| BadExchange)?;
        let mut credential_identifier = [0; 16];
        rng.fill_bytes(&mut credential_identifier);
        let answer =
            ServerRegistration::<Suite>::start(&self.setup, request, &credential_identifier)
                .map_err(|_| BadExchange)?;
        let pending = PendingRegistration {
            credential_identifier,
        };
        Ok((pending, answer.message.serialize().to_vec()))
    }

    /// Takes the second half of a sign-up: what is to be stored.
    ///
    /// # Errors
    /// [`BadExchange`] if the upload is malformed.
    pub fn finish_sign_up(
        pending: PendingSignUp,
        upload: &[u8],
        time_ms: u64,
    ) -> Result<NewAccount, BadExchange> {
        Ok(NewAccount {
            name: pending.name.canonical().to_owned(),
            skeleton: pending.name.skeleton().to_owned(),
            record: record_of(upload)?,
            credential_identifier: pending.registration.credential_identifier,
            time_ms,
        })
    }

    /// Answers the first half of a login. Without an account it takes the same steps with a record that stands in for
    /// one, so that nobody can tell the answer from a real one, nor by how long it takes.
    ///
    /// # Errors
    /// [`BadExchange`] if the request, or the account's record, is malformed.
    pub fn start_login(
        &self,
        rng: &mut (impl RngCore + CryptoRng),
        name: &Name,
        account: Option<Account>,
        request: &[u8],
        handshake_hash: &[u8; 32],
    ) -> Result<(PendingLogin, Vec<u8>), BadExchange> {
        let fake_credential = self.fake_credential(&name.spelling());
        self.start_proof(rng, account.ok_or(fake_credential), request, handshake_hash)
    }

    /// The same for an account that is known, or for a credential identifier of none.
    ///
    /// # Errors
    /// [`BadExchange`] if the request, or the account's record, is malformed.
    pub fn start_proof(
        &self,
        rng: &mut (impl RngCore + CryptoRng),
        account: Result<Account, [u8; 16]>,
        request: &[u8],
        handshake_hash: &[u8; 32],
    ) -> Result<(PendingLogin, Vec<u8>), BadExchange> {
        let request = CredentialRequest::deserialize(request).map_err(|_| BadExchange)?;
        let (record, credential_identifier) = match &account {
            Ok(account) => (&account.record, account.credential_identifier),
            Err(fake_credential) => (&self.fake_record, *fake_credential),
        };
        let record = ServerRegistration::deserialize(record).map_err(|_| BadExchange)?;
        let context = context(handshake_hash);
        let parameters = ServerLoginParameters {
            context: Some(&context),
            identifiers: IDENTITIES,
        };
        let answer = ServerLogin::start(
            rng,
            &self.setup,
            Some(record),
            request,
            &credential_identifier,
            parameters,
        )
        .map_err(|_| BadExchange)?;
        let pending = PendingLogin {
            state: answer.state,
            context,
            account: account.ok(),
        };
        Ok((pending, answer.message.serialize().to_vec()))
    }

    /// Takes the second half of a login: the account, if the password was proved.
    #[must_use]
    pub fn finish_login(pending: PendingLogin, finalization: &[u8]) -> Option<Account> {
        let finalization = CredentialFinalization::<Suite>::deserialize(finalization).ok()?;
        let parameters = ServerLoginParameters {
            context: Some(&pending.context),
            identifiers: IDENTITIES,
        };
        pending.state.finish(finalization, parameters).ok()?;
        pending.account
    }

    fn fake_credential(&self, name: &str) -> [u8; 16] {
        let hash = blake3::keyed_hash(&self.fake_credential_key, name.as_bytes());
        let mut identifier = [0; 16];
        identifier.copy_from_slice(&hash.as_bytes()[..16]);
        identifier
    }
}

/// A record like any account's, of a password that nobody knows.
fn fake_record(setup: &ServerSetup<Suite>, mut rng: ChaCha20Rng) -> Result<Vec<u8>, BadExchange> {
    let mut password = [0; 32];
    rng.fill_bytes(&mut password);
    let client =
        ClientRegistration::<Suite>::start(&mut rng, &password).map_err(|_| BadExchange)?;
    let server = ServerRegistration::<Suite>::start(setup, client.message, &[0; 16])
        .map_err(|_| BadExchange)?;
    let parameters =
        ClientRegistrationFinishParameters::new(IDENTITIES, Some(&KeyStretching::Identity));
    let upload = client
        .state
        .finish(&mut rng, &password, server.message, parameters)
        .map_err(|_| BadExchange)?;
    let record = ServerRegistration::finish(upload.message);
    Ok(record.serialize().to_vec())
}

impl PendingSignUp {
    /// The name that the account will have.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::AccountId;
    use opaque_ke::{
        ClientLogin, ClientLoginFinishParameters, ClientRegistration,
        ClientRegistrationFinishParameters, CredentialResponse, RegistrationResponse,
    };

    const HASH: [u8; 32] = [7; 32];

    fn sign_up(opaque: &OpaqueServer, rng: &mut ChaCha20Rng, password: &[u8]) -> Account {
        let name = Name::parse("erin").unwrap();
        let start = ClientRegistration::<Suite>::start(rng, password).unwrap();
        let (pending, answer) = opaque
            .start_sign_up(rng, name, &start.message.serialize())
            .unwrap();
        let parameters =
            ClientRegistrationFinishParameters::new(IDENTITIES, Some(&KeyStretching::Identity));
        let answer = RegistrationResponse::deserialize(&answer).unwrap();
        let upload = start
            .state
            .finish(rng, password, answer, parameters)
            .unwrap();
        let new = OpaqueServer::finish_sign_up(pending, &upload.message.serialize(), 5).unwrap();
        Account {
            id: AccountId(1),
            name: new.name,
            record: new.record,
            credential_identifier: new.credential_identifier,
            created_ms: 5,
            is_bot: false,
            role: crate::protocol::AccountRole::Member,
        }
    }

    fn login(account: Option<Account>, password: &[u8], client_hash: [u8; 32]) -> Option<Account> {
        login_as("erin", account, password, client_hash)
    }

    fn login_as(
        name: &str,
        account: Option<Account>,
        password: &[u8],
        client_hash: [u8; 32],
    ) -> Option<Account> {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let opaque = OpaqueServer::load(&OpaqueServer::generate(&mut rng)).unwrap();
        let known = sign_up(&opaque, &mut rng, b"tea at four");
        let account = account.is_some().then_some(known);
        let name = Name::parse(name).unwrap();
        let start = ClientLogin::<Suite>::start(&mut rng, password).unwrap();
        let request = start.message.serialize();
        let (pending, answer) = opaque
            .start_login(&mut rng, &name, account, &request, &HASH)
            .unwrap();
        let context = context(&client_hash);
        let parameters = ClientLoginFinishParameters::new(
            Some(&context),
            IDENTITIES,
            Some(&KeyStretching::Identity),
        );
        let answer = CredentialResponse::deserialize(&answer).unwrap();
        let finish = start
            .state
            .finish(&mut rng, password, answer, parameters)
            .ok()?;
        OpaqueServer::finish_login(pending, &finish.message.serialize())
    }

    fn somebody() -> Account {
        Account {
            id: AccountId(1),
            name: String::new(),
            record: vec![],
            credential_identifier: [0; 16],
            created_ms: 0,
            is_bot: false,
            role: crate::protocol::AccountRole::Member,
        }
    }

    #[test]
    fn right_password_signs_in_and_wrong_one_does_not() {
        assert!(login(Some(somebody()), b"tea at four", HASH).is_some());
        assert!(login(Some(somebody()), b"tea at five", HASH).is_none());
    }

    #[test]
    fn account_that_was_renamed_still_logs_in() {
        // The client's identity was the name: no password opened an account under another one.
        assert!(login_as("erin.smith", Some(somebody()), b"tea at four", HASH).is_some());
    }

    #[test]
    fn login_over_another_noise_session_fails() {
        assert!(login(Some(somebody()), b"tea at four", [8; 32]).is_none());
    }

    #[test]
    fn unknown_name_gets_an_answer_that_leads_nowhere() {
        assert!(login(None, b"tea at four", HASH).is_none());
    }

    #[test]
    fn unknown_name_takes_the_same_steps_as_a_known_one() {
        // A known account's record was taken apart, and an unknown one's made of dice, which takes 5 microseconds less.
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let mut opaque = OpaqueServer::load(&OpaqueServer::generate(&mut rng)).unwrap();
        let known = sign_up(&opaque, &mut rng, b"tea at four");
        let name = Name::parse("erin").unwrap();
        assert_eq!(opaque.fake_record.len(), known.record.len());
        let start = ClientLogin::<Suite>::start(&mut rng, b"tea at five").unwrap();
        let request = start.message.serialize();
        let mut lengths = Vec::new();
        for account in [Some(known.clone()), None] {
            let begun = opaque.start_login(&mut rng, &name, account, &request, &HASH);
            lengths.push(begun.map(|(_, answer)| answer.len()).unwrap());
        }
        assert_eq!(lengths[0], lengths[1]);
        // Either record is read, point for point: one that is none is noticed.
        let damaged = Account {
            record: vec![0xff; known.record.len()],
            ..known
        };
        opaque.fake_record.clone_from(&damaged.record);
        for account in [Some(damaged), None] {
            let begun = opaque.start_login(&mut rng, &name, account, &request, &HASH);
            assert!(begun.is_err());
        }
    }

    #[test]
    fn record_that_stands_in_is_the_same_after_a_restart_and_another_on_another_server() {
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let setups = [0, 1].map(|_| OpaqueServer::generate(&mut rng));
        let record = |setup: &[u8]| OpaqueServer::load(setup).unwrap().fake_record;
        assert_eq!(record(&setups[0]), record(&setups[0]));
        assert_ne!(record(&setups[0]), record(&setups[1]));
    }

    #[test]
    fn malformed_halves_are_refused() {
        let mut rng = ChaCha20Rng::from_seed([2; 32]);
        let opaque = OpaqueServer::load(&OpaqueServer::generate(&mut rng)).unwrap();
        let name = Name::parse("erin").unwrap();
        assert!(
            opaque
                .start_sign_up(&mut rng, name.clone(), &[0; 32])
                .is_err()
        );
        assert!(
            opaque
                .start_login(&mut rng, &name, None, &[1; 7], &HASH)
                .is_err()
        );
        assert!(OpaqueServer::load(&[1, 2, 3]).is_err());
    }
}
