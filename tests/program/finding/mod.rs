//! How a server is found and reached: links, announcements.

mod discover;
mod links;
