//! How a server is found and reached: links, announcements, and what is wrong where it is not.

mod discover;
mod doctor;
mod links;
mod others;
