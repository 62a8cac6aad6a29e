//! A server that is one of several: where their log is, and how this one joins them.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use anyhow::{Context as _, anyhow};
use rand_core::{OsRng, RngCore as _};

use crate::cli::exit::Failure;
use crate::cluster::nats::{NatsLog, NatsShelf, Settings, Standing, Teller};
use crate::cluster::{Follower, Halt, NODE_NAME_MAX, Progress, Replica, catch_up, is_node_name};
use crate::net::{self, InputSender};
use crate::server::{Input, Introduction, PeerLink};
use crate::store::shelf::Shelf;
use crate::store::{Engine, ReplicaState, Replication, StoreCaller};

/// How many copies of a log NATS keeps at most.
const REPLICAS_MAX: u64 = 5;

#[derive(Debug, Clone, clap::Args)]
pub struct ClusterOptions {
    /// Be one of several servers, which share a log in these NATS servers, such as nats://10.0.0.1:4222; see udpchat-cluster(7)
    #[arg(
        long,
        value_name = "URL",
        env = "UDPCHAT_CLUSTER",
        value_delimiter = ','
    )]
    cluster: Vec<String>,
    /// This server's name among them: lower-case letters, digits and -
    #[arg(long, value_name = "NAME", env = "UDPCHAT_NODE", value_parser = name)]
    node: Option<String>,
    /// The name of the cluster, which its log has in NATS
    #[arg(long, value_name = "NAME", env = "UDPCHAT_CLUSTER_NAME", default_value = "chat", value_parser = name)]
    cluster_name: String,
    /// How many copies of the log NATS keeps; 1 is for trying it out
    #[arg(
        long,
        value_name = "COUNT",
        env = "UDPCHAT_CLUSTER_REPLICAS",
        default_value = "3",
        value_parser = clap::value_parser!(u64).range(1..=REPLICAS_MAX),
    )]
    cluster_replicas: u64,
    /// A file with credentials for NATS: a line NAME:PASSWORD, or a file that the tools of NATS have made
    #[arg(long, value_name = "FILE", env = "UDPCHAT_CLUSTER_CREDS")]
    cluster_creds: Option<PathBuf>,
    /// Do not ask the NATS servers whether what they call stored survives a loss of power
    #[arg(long, env = "UDPCHAT_CLUSTER_UNCHECKED")]
    cluster_unchecked: bool,
}

fn name(typed: &str) -> Result<String, String> {
    if is_node_name(typed) {
        return Ok(typed.into());
    }
    Err(format!(
        "expected lower-case letters, digits and -, {NODE_NAME_MAX} at most"
    ))
}

/// How the hub tells other servers something.
struct Link(Teller);

impl PeerLink for Link {
    fn tell(&mut self, message: Vec<u8>) {
        self.0.tell(&message);
    }
}

/// A server that has applied all that its cluster's log had at its start.
pub struct Member {
    cluster: String,
    node: String,
    /// By which meaning writes are executed ([`crate::store::MEANING`]).
    meaning: u64,
    replica: Replica,
    log: NatsLog,
    shelf: Option<NatsShelf>,
}

/// Why a member has stopped by itself, once it has.
pub type Halted = Arc<OnceLock<Halt>>;

impl ClusterOptions {
    /// Where the log is, if this server is one of several.
    pub fn wanted(&self) -> Result<Option<Settings>, Failure> {
        if self.cluster.is_empty() {
            return match &self.node {
                Some(_) => Err(Failure::usage("--node is without --cluster")
                    .hint("--cluster nats://HOST:4222 says where the log of the servers is")),
                None => Ok(None),
            };
        }
        // Everybody on this machine sees the command line.
        if self.cluster.iter().any(|url| url.contains('@')) {
            return Err(
                Failure::usage("--cluster has a name or a password in an address")
                    .hint("write NAME:PASSWORD into a file, and name that with --cluster-creds"),
            );
        }
        let Some(node) = self.node.clone() else {
            return Err(Failure::usage("--cluster is without --node")
                .hint("each server of a cluster has a name of its own: --node one"));
        };
        Ok(Some(Settings {
            servers: self.cluster.clone(),
            credentials: self.cluster_creds.clone(),
            cluster: self.cluster_name.clone(),
            node,
            replicas: self.cluster_replicas,
            is_unchecked: self.cluster_unchecked,
        }))
    }
}

impl Member {
    /// Joins the cluster, or founds it if there is no log of that name, and applies what the database lacks.
    pub fn join(settings: Settings, engine: &mut Engine) -> Result<Self, Failure> {
        let (name, node) = (settings.cluster.clone(), settings.node.clone());
        let connected = NatsLog::connect(settings.clone()).map_err(anyhow::Error::new);
        let (mut log, standing) =
            connected.with_context(|| format!("cannot join cluster {name}"))?;
        let state = belong(engine, &name, standing.as_ref())?;
        if standing.is_none() {
            let created = log.create(state.cluster).map_err(anyhow::Error::new);
            created.with_context(|| format!("cannot found cluster {name}"))?;
            tracing::warn!("founded cluster {name}, as node {node}");
        }
        let shelf =
            NatsShelf::connect(settings, state.cluster, log.progress()).map_err(anyhow::Error::new);
        let shelf = shelf.with_context(|| format!("cannot use the files of cluster {name}"))?;
        let mut nonce = [0; 16];
        OsRng.fill_bytes(&mut nonce);
        let (now, applied) = (net::now().instant, state.applied);
        let mut replica = Replica::new(now, node.clone(), nonce, state);
        let waits = log.waits();
        let wait = |until: Instant| {
            waits.wait(until.saturating_duration_since(net::now().instant));
            net::now().instant
        };
        catch_up(&mut replica, engine, &mut log, now, wait).map_err(anyhow::Error::new)?;
        // From here on the database says that it has applied something, and so never founds this cluster again.
        let kept = engine.checkpoint_applied();
        kept.context("cannot write the database")?;
        let read = replica.state().applied - applied;
        tracing::info!("joined cluster {name}: applied {read} records of its log");
        let meaning = engine.meaning();
        Ok(Self {
            cluster: name,
            node,
            meaning: meaning.context("cannot read the database")?,
            replica,
            log,
            shelf: Some(shelf),
        })
    }

    /// What all servers have of attached files; once.
    pub fn take_shelf(&mut self) -> Option<Box<dyn Shelf>> {
        self.shelf.take().map(|shelf| Box::new(shelf) as _)
    }

    /// The cluster's name, and how far this server is with its log.
    pub fn progress(&self) -> (String, Arc<Progress>) {
        (self.cluster.clone(), self.log.progress())
    }

    /// Has the hub talk with the other servers.
    pub fn introduce(&self, inputs: &InputSender<Input>) -> Introduction {
        let inputs = inputs.clone();
        self.log.waits().hear_by(move |node, told| {
            // Where the hub is too busy it is lost, and asked for again.
            let _ = inputs.try_send(Input::FromPeer(node.into(), told));
        });
        let link = Link(self.log.teller());
        Introduction {
            node: self.node.as_str().into(),
            life: OsRng.next_u64(),
            meaning: self.meaning,
            link: Box::new(link),
        }
    }

    /// What has the storage thread follow the log. If it cannot go on the server is stopped, and `halted` says why.
    pub fn follow(
        self,
        inputs: &InputSender<Input>,
        halted: &Halted,
    ) -> (Box<dyn Replication>, impl FnOnce(StoreCaller) + use<>) {
        let Self { replica, log, .. } = self;
        let (waits, progress) = (log.waits(), log.progress());
        let (hub, end, halted) = (inputs.clone(), inputs.clone(), Arc::clone(halted));
        let tell = move |applied: Vec<_>| {
            // Bounded by the follower. After the network thread has ended, nobody is to be told.
            let _ = hub.send_all_reserved(applied.into_iter().map(Input::AppliedElsewhere));
        };
        let halt = move |halt: Halt| {
            tracing::error!("{halt}");
            let _ = halted.set(halt);
            let _ = end.send_reserved(Input::Stop);
        };
        let follower = Follower::new(replica, log, tell, halt, progress);
        let wake = move |store: StoreCaller| waits.wake_by(move || store.wake());
        (Box::new(follower), wake)
    }
}

/// Whether a database may follow this log: how far it has.
fn belong(
    engine: &mut Engine,
    name: &str,
    standing: Option<&Standing>,
) -> Result<ReplicaState, Failure> {
    let seed = "start with a backup of the database of a server of the cluster: `udpchat store backup` there, `udpchat store restore` here";
    match (engine.replica().cloned(), standing) {
        (None, None) => {
            let state = engine.found_cluster();
            Ok(state.context("cannot write the database")?.clone())
        }
        (None, Some(_)) => {
            let problem = anyhow!("cluster {name} exists, and this database is not of it");
            Err(Failure::from(problem).hint(seed))
        }
        (Some(state), Some(standing)) if standing.cluster == Some(state.cluster) => Ok(state),
        (Some(_), Some(_)) => {
            let problem = anyhow!("this database is of another cluster than {name}");
            Err(Failure::from(problem).hint(seed))
        }
        (Some(state), None) if state.applied == 0 => Ok(state),
        (Some(state), None) => {
            let problem = anyhow!(
                "there is no log of cluster {name}, and this database has applied {} records of one",
                state.applied
            );
            Err(Failure::from(problem)
                .hint("--cluster-name names another one, --cluster other servers"))
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Typed {
        #[command(flatten)]
        options: ClusterOptions,
    }

    #[test]
    fn password_in_an_address_is_refused_and_not_repeated() {
        let wanted = |cluster: &str| {
            let typed = ["serve", "--cluster", cluster, "--node", "one"];
            Typed::try_parse_from(typed).unwrap().options.wanted()
        };
        let settings = wanted("tls://a:4222,tls://b:4222").unwrap().unwrap();
        assert_eq!(settings.servers, ["tls://a:4222", "tls://b:4222"]);
        let refused = wanted("tls://a:4222,tls://udpchat:secret@b:4222").map(drop);
        let told = refused.unwrap_err().to_string();
        assert!(!told.contains("secret"), "{told}");
    }
}
