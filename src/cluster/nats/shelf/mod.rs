//! The shelf of a cluster's attached files in NATS JetStream: a stream of its own, with a message for each piece and for each
//! label, of which only the last one is kept. On a thread and a connection of its own, so that no record waits for a piece.

mod words;

use std::sync::{Arc, OnceLock, mpsc as answers};
use std::time::Duration;

use async_nats::{Client, HeaderMap};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::stream::{CLUSTER, parsed, refused};
use super::thread::{connect, runtime, spawn};
use super::{ANSWER_WITHIN, NatsError, Progress, Settings};
use crate::store::BlobKey;
use crate::store::shelf::{Label, Shelf, ShelfAnswer, ShelfRequest, TakeAnswer, Ticket};
use words::{Again, NOT_FOUND, Names, data, marked, stored, word};

/// How many requests may be under way. Chosen: more than the blobs have slots, each of which asks for one thing at a time.
const REQUESTS_MAX: usize = 2048;

/// For so long a request is tried. Chosen: another server leads the stream by then if one has died.
const TRIED_FOR: Duration = Duration::from_secs(20);

/// How often it is asked how much room the files take.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How soon it is tried again.
const AGAIN_AFTER: Duration = Duration::from_millis(300);

/// How often a piece is asked for that a copy does not have, half of the times of any copy. Chosen: if one of three has it, it is
/// asked in all but one of 600 times.
const COPIES_ASKED: u32 = 32;

/// The shelf.
pub struct NatsShelf {
    requests: Sender<(Ticket, ShelfRequest)>,
    take: Arc<OnceLock<TakeAnswer>>,
}

impl NatsShelf {
    /// Connects to the shelf of a cluster, and makes it if there is none.
    ///
    /// # Errors
    /// If it is not reached, or not fit.
    pub fn connect(
        settings: Settings,
        cluster: [u8; 16],
        progress: Arc<Progress>,
    ) -> Result<Self, NatsError> {
        let (requests, queue) = mpsc::channel(REQUESTS_MAX);
        let take = Arc::default();
        let (answer, answered) = answers::channel();
        let taken = Arc::clone(&take);
        let run = move || {
            let runtime = match runtime() {
                Ok(runtime) => runtime,
                Err(error) => {
                    // Whoever has asked has given up, or is told.
                    let _ = answer.send(Err(error));
                    return;
                }
            };
            runtime.block_on(async {
                let begun = timeout(ANSWER_WITHIN, begin(settings, cluster)).await;
                match begun.unwrap_or(Err(NatsError::Silent)) {
                    Ok(talker) => {
                        let _ = answer.send(Ok(()));
                        serve(Arc::new(talker), queue, taken, progress).await;
                    }
                    Err(error) => drop(answer.send(Err(error))),
                }
            });
        };
        spawn("files", run)?;
        answered.recv().unwrap_or(Err(NatsError::Silent))?;
        Ok(Self { requests, take })
    }
}

impl Shelf for NatsShelf {
    fn answer_to(&mut self, take: TakeAnswer) {
        // It is told once, before the first request.
        let _ = self.take.set(take);
    }

    fn ask(&mut self, ticket: Ticket, request: ShelfRequest) {
        if self.requests.try_send((ticket, request)).is_err()
            && let Some(take) = self.take.get()
        {
            take(ticket, ShelfAnswer::Failed);
        }
    }
}

/// Carries requests out, side by side. Dropped with the blobs' thread, the queue ends.
async fn serve(
    talker: Arc<Talker>,
    mut queue: Receiver<(Ticket, ShelfRequest)>,
    take: Arc<OnceLock<TakeAnswer>>,
    progress: Arc<Progress>,
) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            asked = queue.recv() => {
                let Some((ticket, request)) = asked else {
                    return;
                };
                let (talker, take) = (Arc::clone(&talker), Arc::clone(&take));
                tokio::spawn(async move {
                    let answer = talker.carry_out(&request).await;
                    if let Some(take) = take.get() {
                        take(ticket, answer);
                    }
                });
            }
            _ = ticks.tick() => {
                let (talker, progress) = (Arc::clone(&talker), Arc::clone(&progress));
                tokio::spawn(async move { talker.measure(&progress).await });
            }
        }
    }
}

struct Talker {
    client: Client,
    names: Names,
}

async fn begin(settings: Settings, cluster: [u8; 16]) -> Result<Talker, NatsError> {
    let name = format!("udpchat {} files", settings.node);
    let client = connect(&settings.servers, settings.credentials, name).await?;
    let names = Names::of(&settings.cluster);
    let talker = Talker { client, names };
    talker.prepare(settings.replicas, &cluster).await?;
    Ok(talker)
}

impl Talker {
    /// Makes the stream if there is none, and looks whether it is fit.
    async fn prepare(&self, replicas: u64, cluster: &[u8; 16]) -> Result<(), NatsError> {
        let what = "make the stream of attached files";
        let stream = &self.names.stream;
        let config = self.names.config(replicas, cluster);
        let info = loop {
            let info = self.api(&format!("STREAM.INFO.{stream}"), "").await;
            let Ok(info) = info else {
                sleep(AGAIN_AFTER).await;
                continue;
            };
            if info["error"]["err_code"] != 10059 {
                break info;
            }
            let made = self
                .api(&format!("STREAM.CREATE.{stream}"), &config.to_string())
                .await;
            if let Ok(made) = made {
                break made;
            }
            sleep(AGAIN_AFTER).await;
        };
        refused(what, &info)?;
        let found = &info["config"];
        for key in [
            "num_replicas",
            "storage",
            "discard",
            "max_msgs_per_subject",
            "allow_direct",
            "metadata",
        ] {
            let is_it = match key {
                // Its servers add to it.
                "metadata" => found[key][CLUSTER] == config[key][CLUSTER],
                _ => found[key] == config[key],
            };
            if !is_it {
                return Err(NatsError::Unsuitable {
                    stream: stream.clone(),
                    found: format!("{key} {}", found[key]),
                    wanted: format!("{key} {}", config[key]),
                });
            }
        }
        Ok(())
    }

    /// Notes how much room the files take.
    async fn measure(&self, progress: &Progress) {
        let api = format!("STREAM.INFO.{}", self.names.stream);
        if let Ok(info) = self.api(&api, "").await
            && let Some(bytes) = info["state"]["bytes"].as_u64()
        {
            progress.note_file_bytes(bytes);
        }
    }

    async fn carry_out(&self, request: &ShelfRequest) -> ShelfAnswer {
        let until = Instant::now() + TRIED_FOR;
        loop {
            if let Ok(answer) = self.attempt(request).await {
                return answer;
            }
            if Instant::now() >= until {
                return ShelfAnswer::Failed;
            }
            sleep(AGAIN_AFTER).await;
        }
    }

    async fn attempt(&self, request: &ShelfRequest) -> Result<ShelfAnswer, Again> {
        match request {
            ShelfRequest::Look(key) => self.look(key).await,
            ShelfRequest::Label { key, mark, after } => {
                let mut headers = HeaderMap::new();
                if let Some(after) = after {
                    let after = after.to_string();
                    headers.insert("Nats-Expected-Last-Subject-Sequence", after.as_str());
                }
                self.publish(self.names.label(key), headers, word(*mark).into())
                    .await
            }
            ShelfRequest::Put { key, number, bytes } => {
                let subject = self.names.piece(key, *number);
                self.publish(subject, HeaderMap::new(), bytes.clone()).await
            }
            ShelfRequest::Get {
                key,
                number,
                damaged,
            } => {
                let subject = self.names.piece(key, *number);
                self.get(&subject, *damaged).await
            }
            ShelfRequest::Purge { key, through } => {
                let filter = format!("{}.>", self.names.blob(key));
                let purge = json!({ "filter": filter, "seq": through + 1 });
                let subject = format!("STREAM.PURGE.{}", self.names.stream);
                let answer = self.api(&subject, &purge.to_string()).await?;
                if answer["success"] == true {
                    Ok(ShelfAnswer::Done)
                } else {
                    Err(Again)
                }
            }
            ShelfRequest::List(first) => self.list(*first).await,
        }
    }

    /// Asks the leader of the stream, or of all.
    async fn api(&self, subject: &str, request: &str) -> Result<Value, Again> {
        let subject = format!("$JS.API.{subject}");
        let answer = self.client.request(subject, request.to_owned().into());
        let answer = answer.await.map_err(|error| {
            tracing::debug!(%error, "the stream of attached files does not answer");
            Again
        })?;
        let answer = parsed("tell of attached files", &answer.payload).map_err(|error| {
            tracing::warn!("{error}");
            Again
        })?;
        // It is not known yet who leads them.
        if answer["error"]["code"] == 503 {
            return Err(Again);
        }
        Ok(answer)
    }

    /// The last message with a subject, as the leader has it; none if it has none.
    async fn last(&self, subject: &str) -> Result<Option<Value>, Again> {
        let request = json!({ "last_by_subj": subject }).to_string();
        let api = format!("STREAM.MSG.GET.{}", self.names.stream);
        let mut answer = self.api(&api, &request).await?;
        if answer["error"]["err_code"] == NOT_FOUND {
            return Ok(None);
        }
        if !answer["error"].is_null() {
            return Err(Again);
        }
        Ok(Some(answer["message"].take()))
    }

    async fn look(&self, key: &BlobKey) -> Result<ShelfAnswer, Again> {
        let Some(message) = self.last(&self.names.label(key)).await? else {
            return Ok(ShelfAnswer::Label(None));
        };
        let mark = data(&message).and_then(|data| marked(&data)).ok_or(Again)?;
        let time: Option<Timestamp> = message["time"].as_str().and_then(|time| time.parse().ok());
        let time_ms = time.and_then(|time| u64::try_from(time.as_millisecond()).ok());
        Ok(ShelfAnswer::Label(Some(Label {
            mark,
            position: message["seq"].as_u64().ok_or(Again)?,
            time_ms: time_ms.ok_or(Again)?,
        })))
    }

    async fn publish(
        &self,
        subject: String,
        headers: HeaderMap,
        bytes: Vec<u8>,
    ) -> Result<ShelfAnswer, Again> {
        let answer = self
            .client
            .request_with_headers(subject, headers, bytes.into());
        let answer = answer.await.map_err(|error| {
            tracing::debug!(%error, "the stream of attached files does not answer");
            Again
        })?;
        stored(&answer.payload)
    }

    /// A piece as any copy has it, if one does.
    async fn get(&self, subject: &str, damaged: u32) -> Result<ShelfAnswer, Again> {
        let direct = format!("$JS.API.DIRECT.GET.{}.{subject}", self.names.stream);
        for asked in damaged..damaged + COPIES_ASKED {
            // Any copy answers at first, then the leader's in turn with any.
            if asked % 2 == 1 {
                if let Some(bytes) = self.last(subject).await?.as_ref().and_then(data) {
                    return Ok(ShelfAnswer::Piece(Some(bytes)));
                }
                continue;
            }
            let answer = self.client.request(direct.clone(), "".into()).await;
            let answer = answer.map_err(|error| {
                tracing::debug!(%error, "the stream of attached files does not answer");
                Again
            })?;
            match answer.status.map(|status| status.as_u16()) {
                None => return Ok(ShelfAnswer::Piece(Some(answer.payload.to_vec()))),
                Some(404) => {}
                Some(_) => return Err(Again),
            }
        }
        Ok(ShelfAnswer::Piece(None))
    }

    async fn list(&self, first: u8) -> Result<ShelfAnswer, Again> {
        let filter = format!("{}.{first:02x}.*.label", self.names.files);
        let api = format!("STREAM.INFO.{}", self.names.stream);
        let mut found = Vec::new();
        let mut offset = 0;
        loop {
            let request = json!({ "subjects_filter": filter, "offset": offset });
            let answer = self.api(&api, &request.to_string()).await?;
            if !answer["error"].is_null() {
                return Err(Again);
            }
            let subjects = answer["state"]["subjects"].as_object();
            let subjects = subjects.into_iter().flat_map(|subjects| subjects.keys());
            let mut count = 0_u64;
            for subject in subjects {
                count += 1;
                let name = subject.rsplit('.').nth(1);
                found.extend(name.and_then(BlobKey::named));
            }
            offset += count;
            let total = answer["total"].as_u64().unwrap_or(0);
            if count == 0 || offset >= total {
                return Ok(ShelfAnswer::Found(found));
            }
        }
    }
}
