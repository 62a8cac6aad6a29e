//! Why a server of a cluster stops by itself: what it would go on to serve might not be what the others do.

#![allow(missing_docs, reason = "a field that its name explains has no comment")]

use thiserror::Error;

/// Why a replica has stopped for good. A restart reads the log again from the last checkpoint on; where that does not help its
/// database is to be replaced by a copy of another server's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Halt {
    /// Another server has come to something else at a position.
    #[error(
        "this server and `{node}` differ at position {at} of the cluster's log: replace the database of the one that is wrong by a backup of a third server's (udpchat-cluster(7))"
    )]
    Differs { node: String, at: u64 },
    /// A record is not there.
    #[error(
        "position {at} is missing in every copy of the cluster's log that can be reached: look at the servers of the log (udpchat-cluster(7))"
    )]
    Missing { at: u64 },
    /// A record cannot be read, or says what cannot be.
    #[error("position {at} of the cluster's log is damaged: {reason}")]
    Damaged { at: u64, reason: String },
    /// A record was written by a later version.
    #[error(
        "position {at} of the cluster's log was written by a later version of udpchat ({what}): update this server"
    )]
    Later { at: u64, what: String },
    /// The log ends before what was applied.
    #[error(
        "the cluster's log ends at position {last}, and this server has applied {applied}: the log was cut off, or is another one"
    )]
    CutShort { applied: u64, last: u64 },
    /// What comes next was removed from the log.
    #[error(
        "the cluster's log begins at position {first}, and this server has come to {applied} only: it was away for too long; start it with a backup of another server's database"
    )]
    TooOld { applied: u64, first: u64 },
    /// Another process has started under the same name.
    #[error("another server has started as node `{node}`: each needs a name of its own")]
    NameTaken { node: String },
    /// Nothing was heard of the log for long.
    #[error("the cluster's log has not answered for {seconds} s")]
    CutOff { seconds: u64 },
    /// Records that were known of for long were not applied.
    #[error(
        "this server is {behind} records behind the cluster's log, for more than {seconds} s: it is too slow, or too busy"
    )]
    Behind { seconds: u64, behind: u64 },
    /// The database did not do what the log says.
    #[error("position {at} of the cluster's log could not be applied: {reason}")]
    Local { at: u64, reason: String },
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each; whoever adds one adds it here, and to the manual.
    fn every() -> [Halt; 10] {
        let (node, at, what) = (String::from("NODE"), 7, String::from("REASON"));
        let all = [
            Halt::Differs {
                node: node.clone(),
                at,
            },
            Halt::Missing { at },
            Halt::Damaged {
                at,
                reason: what.clone(),
            },
            Halt::Later {
                at,
                what: what.clone(),
            },
            Halt::CutShort {
                applied: at,
                last: at,
            },
            Halt::TooOld {
                applied: at,
                first: at,
            },
            Halt::NameTaken { node },
            Halt::CutOff { seconds: 10 },
            Halt::Behind {
                seconds: 10,
                behind: 7,
            },
            Halt::Local { at, reason: what },
        ];
        for halt in &all {
            match halt {
                Halt::Differs { .. }
                | Halt::Missing { .. }
                | Halt::Damaged { .. }
                | Halt::Later { .. }
                | Halt::CutShort { .. }
                | Halt::TooOld { .. }
                | Halt::NameTaken { .. }
                | Halt::CutOff { .. }
                | Halt::Behind { .. }
                | Halt::Local { .. } => {}
            }
        }
        all
    }

    #[test]
    fn manual_says_what_to_do_about_each_reason() {
        let manual = include_str!("../../man/udpchat-cluster.7");
        for halt in every() {
            let text = halt.to_string();
            // What follows is advice; positions and names are the page's own.
            let told = text.split(": ").next().unwrap_or_default();
            for part in told.split(['7', '`', '(', ')']) {
                let part = part.trim();
                assert!(manual.contains(part), "{text}: {part}");
            }
        }
    }
}
